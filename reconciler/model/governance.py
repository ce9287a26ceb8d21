"""When a change may begin, and with whose consent: what policies say of it, as values.

The rules that read them are in ``reconciler.policy``. None of this is in a unit's digest nor in a plan.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.model.change import Cause

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStage:
    """So many different people that have one of the roles or are named; stages are one after the other."""

    count: int = 1
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """So long after it was asked, people of these roles may approve too."""

    after: timedelta
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoApproval:
    """What needs nobody: plans for these causes, or those that touch fewer targets than that, or by a CEL rule.

    Each that is given is enough by itself.
    """

    causes: tuple[Cause, ...] = (Cause.DRIFT, Cause.REVERT)
    fewer_targets_than: int = 0
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicy:
    """Whose consent a plan needs before it begins. It is bound to the plan's id: another plan asks again.

    ``within`` ends the wait (the plan is refused until somebody asks for a retry); ``valid_for`` is how long a given
    approval counts: both a week, so that a plan that is approved may wait for a window that opens once a week.
    ``separate`` keeps out the authors of the commits and whoever asked for it.
    """

    name: str
    stages: tuple[ApprovalStage, ...]
    separate: bool = True
    second_factor: bool = False
    within: timedelta = WEEK
    valid_for: timedelta = WEEK
    remind_after: timedelta | None = None
    escalate: tuple[Escalation, ...] = ()
    auto: AutoApproval = AutoApproval()
    from_git: bool = False


class WindowMode(StrEnum):
    """Whether a window lets changes begin, or keeps them from it."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWindow:
    """When changes may begin.

    ``cron`` opens it for the ``duration``, in the zone; or it is between ``begins`` and ``ends`` (a freeze by date).
    ``manual``: a plan that a person has accepted by hand may pass it. ``overrun``: what runs when it closes goes on;
    else it is paused. ``reverts`` and ``heals`` may pass it.
    """

    name: str
    mode: WindowMode
    cron: str = ""
    duration: timedelta = timedelta(0)
    zone: str = "UTC"
    begins: datetime | None = None
    ends: datetime | None = None
    manual: bool = False
    overrun: bool = True
    reverts: bool = True
    heals: bool = True


class Effect(StrEnum):
    """What a guardrail that does not hold leads to."""

    WARN = "warn"
    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """A rule over a plan, in CEL, that holds for a plan as it should be. ``approval`` is who has to be asked else."""

    name: str
    rule: str
    effect: Effect
    message: str
    approval: ApprovalPolicy | None = None
    reverts: bool = False


class OnConflict(StrEnum):
    """What becomes of a change while another holds what it needs."""

    QUEUE = "queue"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """Of all units the policy matches (``over`` as text: within each environment, each app, or all) so many at once."""

    name: str
    at_most: int
    over: str
    on_conflict: OnConflict = OnConflict.QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """All that governs when changes of one unit may begin."""

    approvals: tuple[ApprovalPolicy, ...] = ()
    windows: tuple[ChangeWindow, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    concurrency: tuple[Concurrency, ...] = ()


FREE = Governance()


class GateWord(StrEnum):
    """How a gate stands."""

    OPEN = "open"
    PENDING = "pending"
    CLOSED = "closed"
    WARNS = "warns"
    WAIVED = "waived"


class GateKind(StrEnum):
    """The gates before a plan begins, by the words that a waiver names them with."""

    APPROVAL = "approval"
    WINDOW = "window"
    GUARDRAIL = "guardrail"
    LOCK = "lock"
    CONCURRENCY = "concurrency"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """One gate of a plan at one moment, for people to read. ``until`` is when it stands otherwise by itself."""

    kind: GateKind
    name: str
    stands: GateWord
    detail: str
    until: datetime | None = None
