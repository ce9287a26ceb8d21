"""What a RolloutPolicy says, as values. The rules that read them are in ``reconciler.policy``."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from reconciler.model.resource import DriftMode
from reconciler.model.resource import PruneMode as PruneMode


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of things or a percentage of them."""

    value: int
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)


@dataclass(frozen=True, slots=True)
class AllAtOnce:
    """Every target in one batch."""

    strategy: Literal["all-at-once"] = "all-at-once"


@dataclass(frozen=True, slots=True)
class Rolling:
    """Batch after batch; each must be healthy before the next."""

    batch_size: Amount = Amount(1)
    pause: timedelta = timedelta(0)
    strategy: Literal["rolling"] = "rolling"


Strategy: TypeAlias = AllAtOnce | Rolling


class OnFailure(StrEnum):
    """What a failed rollout leads to."""

    REVERT = "revert"
    HOLD = "hold"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class FailureBudget:
    """How many targets may fail: in the whole rollout, and in one batch. The rollout fails when more do."""

    total: int = 0
    per_batch: int = 0


@dataclass(frozen=True, slots=True)
class Prune:
    """Whether to prune, and the most of a unit's resources that one plan may delete.

    ``confirm`` are globs over refs (``kind:name``): under mode delete, what fits one of them waits for a person.
    """

    mode: PruneMode = PruneMode.KEEP
    at_most: Amount = Amount(20, percent=True)
    confirm: tuple[str, ...] = ()


class OnMany(StrEnum):
    """What happens when most hosts of a unit drift in the same way. Slow: batch after batch. Hold: a person decides."""

    SLOW = "slow"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Healing:
    """How drift is healed: the most hosts at once (None: as the strategy says), and what if most drift alike."""

    at_once: Amount | None = None
    on_many: OnMany = OnMany.SLOW


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Differences that do not count: attribute paths of resources whose ref matches the glob."""

    resource: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPolicy:
    """How changes of a unit travel, and what happens when they go wrong.

    ``revert_within`` bounds the health wait of a revert; the strategy of a revert is always all-at-once here.
    """

    name: str
    strategy: Strategy = AllAtOnce()
    failure_budget: FailureBudget = FailureBudget()
    progress_deadline: timedelta = timedelta(minutes=10)
    on_failure: OnFailure = OnFailure.REVERT
    revert_within: timedelta = timedelta(minutes=1)
    drift: DriftMode = DriftMode.HEAL
    healing: Healing = Healing()
    ignore: tuple[IgnoreRule, ...] = ()
    prune: Prune = Prune()


DEFAULT_POLICY = RolloutPolicy(name="default")
"""Governs a unit that no policy matches."""
