"""A plan: frozen, complete, ordered; stored before its first effect. The executor makes no choices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from reconciler.model.canonical import Digest
from reconciler.model.change import Cause, Change
from reconciler.model.health import HealthCheck
from reconciler.model.identity import UnitId
from reconciler.model.operation import Operation
from reconciler.model.policy import RolloutPolicy
from reconciler.model.target import Host
from reconciler.model.unit import Unit


@dataclass(frozen=True, slots=True)
class TargetChanges:
    """All that happens on one target in one step: one transaction, all or nothing."""

    target: str
    changes: tuple[Change, ...]
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """Change one batch of targets, each in one transaction, side by side."""

    batch: int
    targets: tuple[TargetChanges, ...]
    step: Literal["apply"] = "apply"


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask every check on every target of the batch until each has passed or failed by its thresholds."""

    batch: int
    targets: tuple[str, ...]
    checks: tuple[HealthCheck, ...]
    step: Literal["probe"] = "probe"


@dataclass(frozen=True, slots=True)
class Bake:
    """Let time pass before the next batch."""

    duration: timedelta
    step: Literal["bake"] = "bake"


Step: TypeAlias = Apply | Probe | Bake


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A target the plan does not touch, and why: it could not be seen."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will happen to one unit, step by step.

    ``id`` is a digest of everything else here: planning the same world twice gives the same id. ``unit`` is the desired
    state that is planned towards: Git's, or the last known good one when ``cause`` is revert. ``observation`` is the
    digest of what the plan was made from; ``apply`` refuses when the world is another by then. ``parent`` is the digest
    of the unit's state that was last good, None when there was none. ``hosts`` are the targets of its steps.
    ``kept`` are resources (as text) that are no longer asked for and stay, each with the reason.
    ``fences`` has the newest token of another controller by target, where there was one: the plan is stale when there
    is a newer one.
    """

    id: str
    unit: Unit
    cause: Cause
    parent: Digest | None
    observation: Digest
    hosts: tuple[Host, ...]
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...] = ()
    kept: tuple[str, ...] = ()
    fences: Mapping[str, int] = field(default_factory=dict)

    @property
    def unit_id(self) -> UnitId:
        """The unit this plan is for."""
        return self.unit.id

    @property
    def policy(self) -> RolloutPolicy:
        """The policy that governs it."""
        return self.unit.policy

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, in the order they happen."""
        applies = (step for step in self.steps if isinstance(step, Apply))
        return tuple(change for step in applies for target in step.targets for change in target.changes)
