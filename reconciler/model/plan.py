"""A plan: frozen, complete, ordered; stored before its first effect. The executor makes no choices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from reconciler.model.analysis import Analysis
from reconciler.model.canonical import Digest
from reconciler.model.change import Cause, Change
from reconciler.model.guard import Guard
from reconciler.model.health import HealthCheck
from reconciler.model.identity import UnitId
from reconciler.model.operation import Operation
from reconciler.model.policy import RolloutPolicy
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.model.target import Sort, Target
from reconciler.model.traffic import Router, Share
from reconciler.model.unit import Unit


@dataclass(frozen=True, slots=True)
class TargetChanges:
    """All that happens on one target in one step: one transaction, all or nothing.

    With a ``guard`` the target takes it back by itself unless it is confirmed over a new connection.
    """

    target: str
    changes: tuple[Change, ...]
    operations: tuple[Operation, ...]
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """Change one batch of targets, or one slot of the app on them, each in one transaction, side by side."""

    batch: int
    targets: tuple[TargetChanges, ...]
    slot: str = ""
    step: Literal["apply"] = "apply"


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask every check on every target of the batch until each has passed or failed by its thresholds."""

    batch: int
    targets: tuple[str, ...]
    checks: tuple[HealthCheck, ...]
    step: Literal["probe"] = "probe"


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the app on all these targets before any of them is changed: from here to the next apply it is down."""

    batch: int
    targets: tuple[TargetChanges, ...]
    step: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True)
class Confirm:
    """Look at these targets again: everything that the plan wants there is still as it wants it."""

    batch: int
    targets: tuple[str, ...]
    step: Literal["confirm"] = "confirm"


@dataclass(frozen=True, slots=True)
class Drain:
    """Send these servers no more requests, and wait ``within`` at most until none is under way."""

    batch: int
    servers: tuple[str, ...]
    within: timedelta
    step: Literal["drain"] = "drain"


@dataclass(frozen=True, slots=True)
class Shift:
    """Give every server its share of the requests, and wait until each with a share serves.

    ``note`` says in words what for: ``10% to the canary``.
    """

    shares: tuple[Share, ...]
    note: str = ""
    step: Literal["shift"] = "shift"


@dataclass(frozen=True, slots=True)
class Mirror:
    """Send copies of so many percent of the requests to these servers; 0 ends it."""

    servers: tuple[str, ...]
    percent: int
    step: Literal["mirror"] = "mirror"


Step: TypeAlias = (
    Apply | Stop | Probe | Confirm | Drain | Shift | Mirror | Bake | Analyse | AwaitPromotion | AwaitApproval | CallHook
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A target the plan does not touch, and why: it could not be seen."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A unit's targets of one sort, seen or not: they are changed one tier after the other.

    ``may_be_down`` is how many of them may be out of service at once, failed and unseen ones included; None: any
    number.
    """

    sort: Sort
    targets: tuple[str, ...]
    may_be_down: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will happen to one unit, step by step.

    ``id`` is a digest of everything else here: planning the same world twice gives the same id. ``unit`` is the desired
    state that is planned towards: Git's, or the last known good one when ``cause`` is revert. ``observation`` is the
    digest of what the plan was made from; ``apply`` refuses when the world is another by then. ``parent`` is the digest
    of the unit's state that was last good, None when there was none. ``targets`` are those of its steps.
    ``kept`` are resources (as text) that are no longer asked for and stay, each with the reason.
    ``fences`` has the newest token of another controller by target, where there was one: the plan is stale when there
    is a newer one. ``router`` is there when requests are sent through one, with ``balancers``, the targets on which it
    is told. ``background`` are analyses that go on during all of it. ``tiers`` are all of the unit's targets in the
    order in which they are changed. ``notes`` say what a reader of the steps may not see.
    """

    id: str
    unit: Unit
    cause: Cause
    parent: Digest | None
    observation: Digest
    targets: tuple[Target, ...]
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...] = ()
    kept: tuple[str, ...] = ()
    fences: Mapping[str, int] = field(default_factory=dict)
    router: Router | None = None
    balancers: tuple[Target, ...] = ()
    background: tuple[Analysis, ...] = ()
    tiers: tuple[Tier, ...] = ()
    notes: tuple[str, ...] = ()

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
