"""What people are told: a notice with all that a message is made of, and the policies that say who is told what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.model.access import EVERYTHING, Match
from reconciler.model.channel import Channel
from reconciler.model.identity import UnitId


class Severity(StrEnum):
    """How much it matters, the least first. Critical: a person has to look now, also at night."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place, from 0: what matters more has a higher one."""
        return tuple(Severity).index(self)


class Topic(StrEnum):
    """What people may be told of, by the names that policies use."""

    ROLLOUT_PLANNED = "rollout.planned"
    ROLLOUT_BEGUN = "rollout.begun"
    ROLLOUT_BATCH_DONE = "rollout.batch_done"
    ROLLOUT_WAITING = "rollout.waiting"
    ROLLOUT_PAUSED = "rollout.paused"
    ROLLOUT_SUCCEEDED = "rollout.succeeded"
    ROLLOUT_FAILED = "rollout.failed"
    ROLLOUT_REVERTING = "rollout.reverting"
    ROLLOUT_REVERTED = "rollout.reverted"
    ROLLOUT_REVERT_FAILED = "rollout.revert_failed"
    ROLLOUT_HELD = "rollout.held"
    ROLLOUT_ABORTED = "rollout.aborted"
    ROLLOUT_SUPERSEDED = "rollout.superseded"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_REMINDED = "approval.reminded"
    APPROVAL_ESCALATED = "approval.escalated"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    UNIT_WAITING = "unit.waiting"
    UNIT_GUARDED = "unit.guarded"
    UNIT_REJECTED = "unit.rejected"
    UNIT_HELD = "unit.held"
    UNIT_RELEASED = "unit.released"
    UNIT_PAUSED = "unit.paused"
    UNIT_RESUMED = "unit.resumed"
    UNIT_LOCKED = "unit.locked"
    UNIT_UNLOCKED = "unit.unlocked"
    DRIFT_FOUND = "drift.found"
    DRIFT_HEALED = "drift.healed"
    HEALTH_DEGRADED = "health.degraded"
    HEALTH_HEALTHY = "health.healthy"
    COMMIT_REFUSED = "commit.refused"
    GIT_LOST = "git.lost"
    GIT_FOUND = "git.found"
    WAIVER_USED = "waiver.used"
    WAIVER_REVIEWED = "waiver.reviewed"
    ACCESS_REFUSED = "access.refused"
    CHANNEL_DEAD = "channel.dead"
    SEVERAL = "several"  # many in one message
    TEST = "test"


class Course(StrEnum):
    """Where what the thread is about stands: whether the first message may say it is over, or an alarm is to end."""

    UNDER_WAY = "under_way"
    ENDED_WELL = "ended_well"
    ENDED_BADLY = "ended_badly"
    NEEDS_SOMEBODY = "needs_somebody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many changes a plan makes, by sort, and the first of them in words; ``more`` are not in ``first``."""

    creates: int = 0
    updates: int = 0
    replaces: int = 0
    deletes: int = 0
    first: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that was measured, against what it was to be, both as text; ``good`` None: it says neither."""

    name: str
    seen: str
    wanted: str = ""
    good: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Who consented, with which roles, and what they said; ``instead_of`` who had delegated to them."""

    author: str
    roles: tuple[str, ...] = ()
    reason: str = ""
    instead_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitTold:
    """The commit it is about; ``author`` is empty where nobody knows."""

    id: str
    subject: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where more can be read."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One of many that are told in one message."""

    topic: Topic
    severity: Severity
    title: str
    at: datetime
    unit: UnitId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What happened, with all that a message about it is made of. All texts may come from people: none is trusted.

    ``id`` is the same for the same thing whenever it is made. ``title`` is one line. ``detail`` says why, ``stage``
    where it stands (``batch 2 of 4``). ``thread`` joins what belongs together, ``course`` is where that stands.
    ``labels`` are those of the app, ``services`` units that depend on this one, ``targets`` those it is on.
    ``actor`` is who did it, empty where the controller did. ``commands`` are what to type to act on it. ``several``
    are there when it is many in one, ``more`` those that are left out.
    """

    id: str
    topic: Topic
    severity: Severity
    title: str
    at: datetime
    thread: str
    course: Course = Course.UNDER_WAY
    unit: UnitId | None = None
    environment: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    stage: str = ""
    detail: str = ""
    changes: Changes | None = None
    services: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    consents: tuple[Consent, ...] = ()
    actor: str = ""
    reason: str = ""
    commit: CommitTold | None = None
    rollout: str = ""
    plan: str = ""
    links: tuple[Link, ...] = ()
    commands: tuple[str, ...] = ()
    several: tuple[Brief, ...] = ()
    more: int = 0

    @property
    def team(self) -> str:
        """Whose it is, by the label of the app; empty where none is said."""
        return self.labels.get("team", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What comes within ``wait`` of the first is told in one message, of those that are alike in what ``by`` says.

    ``by`` are of ``unit``, ``app``, ``environment``, ``event``, ``team``; empty: all that comes.
    """

    by: tuple[str, ...]
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From each time that ``cron`` names in the ``zone``, for the ``duration``, only what is critical is told."""

    cron: str
    duration: timedelta
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What nobody acted on ``after`` so long is told to these channels too."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPolicy:
    """Who is told what. ``events`` are globs over topics; empty: all. ``templates`` are texts by such globs."""

    name: str
    to: tuple[str, ...]
    match: Match = EVERYTHING
    events: tuple[str, ...] = ()
    severity: Severity = Severity.INFO
    group: Grouping | None = None
    quiet: tuple[QuietHours, ...] = ()
    escalate: tuple[Alarm, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """All channels by name and all policies, of one commit. Without any, nobody is told anything."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    policies: tuple[NotificationPolicy, ...] = ()


NOBODY = Notifications()
