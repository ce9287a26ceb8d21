"""What the journal tells people: entries, commits, kept states, and a picture of the fleet at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.model.event import CommitAccepted, CommitRefused, Event, SourceLost
from reconciler.model.plan import Plan
from reconciler.model.standing import Standing
from reconciler.model.verdict import Snapshot, Verdict


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its number in the journal and its time."""

    number: int
    at: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """The newest commit that loaded; a newer one that did not, and a Git that cannot be asked, if it is so.

    ``let_by`` are the commits that a person has let by since the accepted one, though the branch was rewritten.
    """

    accepted: CommitAccepted | None
    accepted_at: datetime | None
    refused: CommitRefused | None
    refused_at: datetime | None
    lost: SourceLost | None
    lost_at: datetime | None
    let_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A state that is kept to go back to, what is thought of it now, and whether the unit is held there."""

    snapshot: Snapshot
    verdict: Verdict
    pinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the journal says about the fleet at one moment.

    ``plans`` are those of present rollouts, by id. ``at_work`` says whether a process keeps the fleet now; None when
    nobody could tell. ``took`` is how long each sort of step took before, where only one unit is asked about.
    """

    standing: Standing
    accepted: CommitAccepted | None
    accepted_at: datetime | None = None
    refused: CommitRefused | None
    refused_at: datetime | None
    lost: SourceLost | None = None
    lost_at: datetime | None = None
    plans: Mapping[str, Plan] = field(default_factory=dict)
    now: datetime
    at_work: bool | None = None
    took: Mapping[str, timedelta] = field(default_factory=dict)
