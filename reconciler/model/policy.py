"""What a RolloutPolicy says, as values. The rules that read them are in ``reconciler.policy``."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from reconciler.model.analysis import Analysis
from reconciler.model.guard import GUARDED, Guarding
from reconciler.model.resource import DriftMode
from reconciler.model.resource import PruneMode as PruneMode
from reconciler.model.step import Wait


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
class Recreate:
    """Stop all, then change all: nothing serves in between. For what must never run in two versions at once."""

    strategy: Literal["recreate"] = "recreate"


@dataclass(frozen=True, slots=True)
class Rolling:
    """Batch after batch; each must be healthy before the next.

    ``max_surge`` and ``max_unavailable`` are Kubernetes' (surge rounds up, unavailable down, both nothing is 1 down);
    None: as the batch size says. ``order_by`` is a label of targets: one value of it after the other.
    """

    batch_size: Amount = Amount(1)
    pause: timedelta = timedelta(0)
    max_surge: Amount | None = None
    max_unavailable: Amount | None = None
    order_by: str | None = None
    strategy: Literal["rolling"] = "rolling"


@dataclass(frozen=True, slots=True)
class SetWeight:
    """So many percent of the requests to the canary; without a router so many percent of the targets are changed."""

    percent: int
    auto_promote: bool = True
    step: Literal["set_weight"] = "set_weight"


@dataclass(frozen=True, slots=True)
class SetTargets:
    """So many targets have the new version."""

    amount: Amount
    auto_promote: bool = True
    step: Literal["set_targets"] = "set_targets"


@dataclass(frozen=True, slots=True)
class MirrorTo:
    """Copies of so many percent of the requests to the canary."""

    percent: int
    step: Literal["mirror_to"] = "mirror_to"


CanaryStep: TypeAlias = SetWeight | SetTargets | MirrorTo | Wait


@dataclass(frozen=True, slots=True)
class Canary:
    """A part of the targets and of the requests first, step by step; then all the rest, in batches as ``rest`` says.

    The first deployment of a unit skips the steps, and so does one that has nothing to be compared with.
    """

    steps: tuple[CanaryStep, ...]
    rest: Rolling = Rolling()
    strategy: Literal["canary"] = "canary"


@dataclass(frozen=True, slots=True)
class Portion:
    """So many percent of the requests to the new side, for so long."""

    percent: int
    duration: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """The side that serves nobody gets the new version and is verified; then the requests are switched.

    The sides are the app's slots (``Unit.slots``), or the targets by the value of the label ``side_label``. ``verify``
    comes before the switch, ``shift`` are its portions before the whole. The old side is kept for ``retire_after`` and
    gets the new version then.
    """

    side_label: str = "side"
    warm_up: timedelta = timedelta(0)
    verify: tuple[Wait, ...] = ()
    auto_switch: bool = True
    shift: tuple[Portion, ...] = ()
    retire_after: timedelta = timedelta(minutes=10)
    strategy: Literal["blue-green"] = "blue-green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A part of the fleet: so many targets, or those with the labels, or all that are left (neither is given).

    ``environment``: not targets of this unit, but the same app there has to be good at this commit, since ``bake``.
    """

    amount: Amount | None = None
    labels: tuple[tuple[str, str], ...] = ()
    environment: str | None = None
    strategy: AllAtOnce | Rolling = AllAtOnce()
    bake: timedelta = timedelta(0)
    then: tuple[Wait, ...] = ()


@dataclass(frozen=True, slots=True)
class Progressive:
    """Ring after ring; one is done when its targets are still as the plan wants them, and healthy, after its bake."""

    rings: tuple[Ring, ...]
    strategy: Literal["progressive"] = "progressive"


Strategy: TypeAlias = AllAtOnce | Recreate | Rolling | Canary | BlueGreen | Progressive


class RevertPace(StrEnum):
    """How a revert travels. Available: no more targets at once than the strategy may have down; no wait but health."""

    AVAILABLE = "available"
    ALL_AT_ONCE = "all-at-once"


class OnUnhealthy(StrEnum):
    """What follows when a unit gets unhealthy after its rollout, while nobody changed anything."""

    REPORT = "report"
    HEAL = "heal"
    REVERT = "revert"


@dataclass(frozen=True, slots=True)
class Vigil:
    """How a unit is watched after its rollout: every ``period``; ``revert_within`` that long after it at most."""

    on_unhealthy: OnUnhealthy = OnUnhealthy.REPORT
    period: timedelta = timedelta(seconds=30)
    revert_within: timedelta = timedelta(hours=1)


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

    ``revert_within`` bounds the health wait of a revert. ``background`` are analyses that go on during a whole rollout.
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
    revert_pace: RevertPace = RevertPace.AVAILABLE
    background: tuple[Analysis, ...] = ()
    guarding: Guarding = GUARDED
    vigil: Vigil = Vigil()


DEFAULT_POLICY = RolloutPolicy(name="default")
"""Governs a unit that no policy matches."""
