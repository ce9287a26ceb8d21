"""What people say about plans, gates and each other: journal events that stay in force until others end them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from reconciler.model.access import NO_LIMIT, Login, Scope
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId


class Said:
    """What all words are."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(Said):
    """A plan waits for the consent of people, since ``at``, under these policies."""

    unit: UnitId
    plan: str
    policies: tuple[str, ...]
    at: datetime
    event: Literal["approval_asked"] = "approval_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven(Said):
    """Somebody consents to just this plan.

    ``roles`` are those that they had then, ``instead_of`` is who had delegated to them, ``factor`` whether a second
    factor was shown, ``login`` how they were known. ``emails`` are known to be theirs, ``instead_of_emails`` to be of
    who had delegated.
    """

    unit: UnitId
    plan: str
    author: str
    roles: tuple[str, ...]
    login: Login
    at: datetime
    emails: tuple[str, ...] = ()
    factor: bool = False
    instead_of: str = ""
    instead_of_emails: tuple[str, ...] = ()
    reason: str = ""
    event: Literal["approval_given"] = "approval_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRefused(Said):
    """Somebody does not consent to this plan; it is not carried out."""

    unit: UnitId
    plan: str
    author: str
    reason: str
    at: datetime
    event: Literal["approval_refused"] = "approval_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReminded(Said):
    """A plan still waits for consent: people are told once more."""

    unit: UnitId
    plan: str
    policy: str
    at: datetime
    event: Literal["approval_reminded"] = "approval_reminded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEscalated(Said):
    """Nobody has answered for long: from now on people of these roles may too."""

    unit: UnitId
    plan: str
    policy: str
    roles: tuple[str, ...]
    at: datetime
    event: Literal["approval_escalated"] = "approval_escalated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated(Said):
    """Somebody lets another approve in their place, with their roles, until then.

    ``roles`` are those that they had anywhere, ``groups`` what they were in: what the other may is looked up anew.
    ``emails`` are known to be theirs.
    """

    author: str
    roles: tuple[str, ...]
    to: str
    until: datetime
    reason: str
    at: datetime
    groups: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    event: Literal["delegated"] = "delegated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationEnded(Said):
    """A delegation is taken back."""

    author: str
    to: str
    at: datetime
    event: Literal["delegation_ended"] = "delegation_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived(Said):
    """Break glass: somebody passes gates of a unit, though policy says no, until then. It has to be reviewed later.

    ``emergency`` is that no policy allowed it to wait: it is told louder. ``emails`` are known to be the author's.
    """

    id: str
    unit: UnitId
    gates: tuple[GateKind, ...]
    author: str
    reason: str
    until: datetime
    at: datetime
    emergency: bool = True
    emails: tuple[str, ...] = ()
    event: Literal["waived"] = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverReviewed(Said):
    """Another person has looked at a waiver afterwards, and says what they found."""

    id: str
    unit: UnitId
    author: str
    finding: str
    at: datetime
    event: Literal["waiver_reviewed"] = "waiver_reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked(Said):
    """Somebody keeps a unit, or an environment, from being changed; ``until`` None: until it is unlocked."""

    unit: UnitId | None
    environment: str
    author: str
    reason: str
    at: datetime
    until: datetime | None = None
    event: Literal["locked"] = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked(Said):
    """A lock is taken away."""

    unit: UnitId | None
    environment: str
    author: str
    reason: str
    at: datetime
    event: Literal["unlocked"] = "unlocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway(Said):
    """A new state came while others were in hand, and a policy refuses what does, until another state or a retry."""

    unit: UnitId
    digest: str
    policy: str
    beside: tuple[str, ...]
    at: datetime
    event: Literal["turned_away"] = "turned_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorUsed(Said):
    """A one-time code was used: none of this time step or an earlier one is good any more."""

    person: str
    step: int
    at: datetime
    event: Literal["factor_used"] = "factor_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Said):
    """A token was made. ``digest`` is the SHA-256 of it: the token itself is nowhere."""

    id: str
    name: str
    digest: str
    author: str
    at: datetime
    until: datetime | None
    groups: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    scope: Scope = NO_LIMIT
    event: Literal["token_issued"] = "token_issued"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Said):
    """A token is no longer good."""

    id: str
    author: str
    at: datetime
    event: Literal["token_revoked"] = "token_revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRefused(Said):
    """Somebody asked for what they may not have. ``name`` is empty where nobody knows who it was."""

    name: str
    login: str
    action: str
    unit: UnitId | None
    reason: str
    at: datetime
    event: Literal["access_refused"] = "access_refused"


Word: TypeAlias = (
    ApprovalAsked
    | ApprovalGiven
    | ApprovalRefused
    | ApprovalReminded
    | ApprovalEscalated
    | Delegated
    | DelegationEnded
    | Waived
    | WaiverReviewed
    | Locked
    | Unlocked
    | TurnedAway
    | FactorUsed
    | TokenIssued
    | TokenRevoked
    | AccessRefused
)
"""What is said. Those that name no unit are about everything."""
