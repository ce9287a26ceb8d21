"""What the journal knows about the fleet: the planner's other input beside desired state and observation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.canonical import Digest
from reconciler.model.event import AbortRequested, Assessed, HealthChanged, Paused, Pinned, PlanAccepted
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.rollout import Decision, Rollout
from reconciler.model.traffic import Share
from reconciler.model.verdict import Owned, Snapshot, VerdictRecord
from reconciler.model.word import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Heals:
    """A resource that was healed and drifted again, ``count`` times with no quiet time between: since when, until when.

    ``fields`` are what differed in the newest; empty when the resource was gone.
    """

    count: int
    since: datetime
    last: datetime
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStanding:
    """What the journal knows about one unit.

    ``rollout`` is the one that has not ended, if any; ``last`` the newest that has. ``verdicts`` are by unit digest.
    ``failed_heals`` counts what failed since the last good end though nobody
    committed anything: heals, and reverts of any kind; ``last_failed_at`` is when the newest of them did. ``heals``
    are those that went well. ``decisions`` and ``abort`` are about the rollout that has not ended. ``pinned`` is a
    person's hold, at ``pinned_at``. ``routing`` is how requests are to be sent at rest, empty when nobody has said yet.
    ``health`` is how the app does, by target, since its last rollout. ``words`` are those that people said about the
    unit and that are in force.
    """

    unit: UnitId
    rollout: Rollout | None = None
    last: Rollout | None = None
    verdicts: Mapping[Digest, VerdictRecord] = field(default_factory=dict)
    last_good: Snapshot | None = None
    owned: Mapping[ResourceId, Owned] = field(default_factory=dict)
    paused: Paused | None = None
    assessed: Assessed | None = None
    accepted: PlanAccepted | None = None
    failed_heals: int = 0
    last_failed_at: datetime | None = None
    heals: Mapping[ResourceId, Heals] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    abort: AbortRequested | None = None
    pinned: Pinned | None = None
    pinned_at: Snapshot | None = None
    routing: tuple[Share, ...] = ()
    health: Mapping[str, HealthChanged] = field(default_factory=dict)
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the journal knows, for every unit it ever met. ``paused`` stops everything; ``words`` name no unit."""

    units: Mapping[UnitId, UnitStanding] = field(default_factory=dict)
    paused: Paused | None = None
    words: tuple[Word, ...] = ()

    def of(self, unit: UnitId) -> UnitStanding:
        """Return what is known of the unit; an empty standing when it is new."""
        return self.units.get(unit) or UnitStanding(unit=unit)
