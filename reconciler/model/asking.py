"""What people and machines ask for through a door (the command line, the API): a closed list of requests."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from reconciler.model.access import NO_LIMIT, Scope
from reconciler.model.event import Event
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    """Let the rollout go on: end the wait it is in, or (``fully``) every wait to come."""

    unit: UnitId
    reason: str = ""
    fully: bool = False
    verb: Literal["promote"] = "promote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Consent to the plan that waits for it, or to the step that the rollout waits in. ``code`` is a one-time code.

    ``plan`` is the one that was read: another by now is not approved. Empty: whichever it is.
    """

    unit: UnitId
    reason: str = ""
    plan: str = ""
    code: str = field(default="", repr=False)
    verb: Literal["approve"] = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Do not consent to the plan or the step that waits."""

    unit: UnitId
    reason: str
    verb: Literal["reject"] = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort:
    """End the rollout: it is taken back, or left as it is (``leave``)."""

    unit: UnitId
    reason: str = ""
    leave: bool = False
    verb: Literal["abort"] = "abort"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoBack:
    """Go back to an earlier good state (None: the one before the present) and hold it. ``force``: also with a loss."""

    unit: UnitId
    to: str | None = None
    reason: str = ""
    force: bool = False
    verb: Literal["rollback"] = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Keep the unit at the state it is at."""

    unit: UnitId
    reason: str = ""
    verb: Literal["hold"] = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Let a unit that is held follow Git again."""

    unit: UnitId
    reason: str = ""
    verb: Literal["release"] = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try a rejected state again."""

    unit: UnitId
    reason: str = ""
    verb: Literal["retry"] = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRewrite:
    """Follow a branch that was rewritten, from this commit on."""

    commit: str
    reason: str
    verb: Literal["accept"] = "accept"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPlan:
    """Carry out just this plan, though policy alone would let it wait for a person."""

    unit: UnitId
    plan: str
    reason: str = ""
    verb: Literal["apply"] = "apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """Look at Git and at the unit now."""

    unit: UnitId
    reason: str = ""
    verb: Literal["sync"] = "sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Stop automation for a unit, or for everything."""

    unit: UnitId | None
    reason: str
    verb: Literal["pause"] = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Lift a pause."""

    unit: UnitId | None
    reason: str = ""
    verb: Literal["resume"] = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Keep a unit (or, where it is None, the environment) from being changed, for that long or until it is unlocked."""

    unit: UnitId | None
    environment: str
    reason: str
    duration: timedelta | None = None
    verb: Literal["lock"] = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """Take a lock away, whoever took it."""

    unit: UnitId | None
    environment: str
    reason: str = ""
    verb: Literal["unlock"] = "unlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waive:
    """Break glass: pass these gates of the unit for so long."""

    unit: UnitId
    gates: tuple[GateKind, ...]
    reason: str
    duration: timedelta = timedelta(hours=1)
    code: str = field(default="", repr=False)
    verb: Literal["waive"] = "waive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewWaiver:
    """Say what was found of a waiver afterwards."""

    unit: UnitId
    id: str
    finding: str
    verb: Literal["review"] = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """Let somebody approve in one's place for so long; a duration of zero ends it."""

    to: str
    duration: timedelta
    reason: str = ""
    verb: Literal["delegate"] = "delegate"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueToken:
    """Make a token for that name; it is shown once. ``duration`` None: it does not end by itself."""

    name: str
    duration: timedelta | None
    groups: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    scope: Scope = NO_LIMIT
    verb: Literal["issue"] = "issue"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken:
    """End a token."""

    id: str
    verb: Literal["revoke"] = "revoke"


Request: TypeAlias = (
    Promote
    | Approve
    | Reject
    | Abort
    | GoBack
    | Hold
    | Release
    | Retry
    | AcceptRewrite
    | ApplyPlan
    | Sync
    | Pause
    | Resume
    | Lock
    | Unlock
    | Waive
    | ReviewWaiver
    | Delegate
    | IssueToken
    | RevokeToken
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came in: its id at the door, the address of who asked, the W3C ``traceparent`` it came with.

    Each is empty where there is none, as at this machine's own command line.
    """

    id: str = ""
    address: str = ""
    trace: str = ""


HERE = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What follows from a request: events to append, and what to say to who asked. ``secret`` is shown to them once."""

    events: tuple[Event, ...]
    said: str
    secret: str = field(default="", repr=False)


class Refused(Exception):
    """A request cannot be granted as things are. The text says why, and what to do."""


class Forbidden(Refused):
    """Who asked may not have it. The text says what is missing."""


class FactorNeeded(Refused):
    """A one-time code has to come with the request."""
