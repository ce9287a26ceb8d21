"""What the journal and Git tell of a stretch of time: what reports are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.model.canonical import Digest
from reconciler.model.change import Cause
from reconciler.model.event import Condition
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A rollout as reports see it.

    ``ended_at`` is None while it runs; ``failed_at`` is when it first had to be taken back or held, None when it never
    had. ``plan`` is the one it began with.
    """

    id: str
    unit: UnitId
    cause: Cause
    commit: str
    version: str
    digest: Digest
    plan: str
    state: State
    started_at: datetime
    ended_at: datetime | None = None
    failed_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepTook:
    """How long a step took that ended then, by what it did."""

    unit: UnitId
    what: str
    at: datetime
    took: timedelta


@dataclass(frozen=True, slots=True)
class Drifted:
    """A resource (``unit/target/kind:name``) was seen to differ though no commit asked, or was healed."""

    unit: UnitId
    resource: str
    at: datetime
    healed: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A plan waited for the consent of people; ``answered_at`` is the last word that counted, None while it waits."""

    unit: UnitId
    plan: str
    at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Felt:
    """An app at rest did so on a target from ``at`` on."""

    unit: UnitId
    target: str
    condition: Condition
    at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """A unit was to be so from ``at`` on, and that was first seen with this commit."""

    at: datetime
    commit: str
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A commit as Git has it.

    ``at`` is when the oldest of what it brought was written (a merge brings a branch); ``emails`` are all who wrote
    that. ``place`` counts the commits of the branch from its first one; None for one that is not of the branch.
    """

    commit: str
    subject: str
    author: str
    at: datetime
    emails: frozenset[str]
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """All that is told between ``since`` and ``until``.

    ``rollouts`` go on after ``until``, and so do ``felt`` and the answers of ``asked``: later ones say what became of
    the time, and are not to be counted to it. Of what was before there is the last rollout of each unit that went well
    and is no heal, and ``wanted``: what each unit was to be, one after the other, each once.
    ``accepted`` is when each commit was first followed, ``refused`` when one was not. ``written`` are commits by id, as
    far as Git could be asked; ``untold`` says why it could not. ``teams`` are by unit. ``oldest`` is from when on the
    journal has every entry.
    """

    since: datetime
    until: datetime
    rollouts: tuple[Ran, ...] = ()
    steps: tuple[StepTook, ...] = ()
    drifted: tuple[Drifted, ...] = ()
    asked: tuple[Asked, ...] = ()
    felt: tuple[Felt, ...] = ()
    wanted: Mapping[UnitId, Sequence[Wanted]] = field(default_factory=dict)
    accepted: Mapping[str, datetime] = field(default_factory=dict)
    refused: tuple[datetime, ...] = ()
    written: Mapping[str, Written] = field(default_factory=dict)
    untold: str = ""
    teams: Mapping[UnitId, str] = field(default_factory=dict)
    oldest: datetime | None = None
