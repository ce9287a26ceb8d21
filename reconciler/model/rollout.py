"""The rollout: the execution of a plan, as a state machine with one transition table.

            ┌────────────── pause ──► paused ── resume ─┐
            │                                           ▼
  pending ──start──► running ──finish──────────────► succeeded
                        │ fail ──► revert_needed ──revert_planned──► reverting ──finish──► reverted
                        │               │ no_revert                     │ fail
                        │ fail_hold     ▼                               ▼
                        └─────────────► held                       revert_failed

``supersede`` (a newer desired state of the unit) and ``abort`` (a person) end every state that is not an end.
``take_back`` is ``fail`` by a person; before anything was done it is ``abort``. ``decide`` tells a running rollout what
a person decided about its step.
A revert never reverts: ``fail`` while reverting ends in ``revert_failed``.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.analysis import AnalysisRun
from reconciler.model.change import Cause
from reconciler.model.health import CheckProgress
from reconciler.model.identity import UnitId
from reconciler.model.traffic import Share
from reconciler.model.waiting import WaitingOn


class State(StrEnum):
    """Where a rollout is. The last six are ends."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    REVERT_NEEDED = "revert_needed"
    REVERTING = "reverting"
    REVERT_PAUSED = "revert_paused"
    SUCCEEDED = "succeeded"
    REVERTED = "reverted"
    REVERT_FAILED = "revert_failed"
    HELD = "held"
    ABORTED = "aborted"
    SUPERSEDED = "superseded"


class Trigger(StrEnum):
    """What moves a rollout."""

    START = "start"
    ADVANCE = "advance"
    FINISH = "finish"
    FAIL = "fail"
    FAIL_HOLD = "fail_hold"
    REVERT_PLANNED = "revert_planned"
    NO_REVERT = "no_revert"
    PAUSE = "pause"
    RESUME = "resume"
    SUPERSEDE = "supersede"
    ABORT = "abort"
    TAKE_BACK = "take_back"
    DECIDE = "decide"


ENDS = frozenset({State.SUCCEEDED, State.REVERTED, State.REVERT_FAILED, State.HELD, State.ABORTED, State.SUPERSEDED})

_STOPS = {Trigger.SUPERSEDE: State.SUPERSEDED, Trigger.ABORT: State.ABORTED}

TRANSITIONS: dict[State, dict[Trigger, State]] = {
    State.PENDING: {
        Trigger.START: State.RUNNING,
        Trigger.PAUSE: State.PAUSED,
        Trigger.TAKE_BACK: State.ABORTED,
        **_STOPS,
    },
    State.RUNNING: {
        Trigger.ADVANCE: State.RUNNING,
        Trigger.FINISH: State.SUCCEEDED,
        Trigger.FAIL: State.REVERT_NEEDED,
        Trigger.FAIL_HOLD: State.HELD,
        Trigger.PAUSE: State.PAUSED,
        Trigger.TAKE_BACK: State.REVERT_NEEDED,
        Trigger.DECIDE: State.RUNNING,
        **_STOPS,
    },
    State.PAUSED: {Trigger.RESUME: State.RUNNING, Trigger.TAKE_BACK: State.REVERT_NEEDED, **_STOPS},
    State.REVERT_NEEDED: {
        Trigger.REVERT_PLANNED: State.REVERTING,
        Trigger.NO_REVERT: State.HELD,
        Trigger.PAUSE: State.REVERT_PAUSED,
        **_STOPS,
    },
    State.REVERTING: {
        Trigger.ADVANCE: State.REVERTING,
        Trigger.FINISH: State.REVERTED,
        Trigger.FAIL: State.REVERT_FAILED,
        Trigger.FAIL_HOLD: State.REVERT_FAILED,
        Trigger.PAUSE: State.REVERT_PAUSED,
        **_STOPS,
    },
    State.REVERT_PAUSED: {Trigger.RESUME: State.REVERT_NEEDED, **_STOPS},
    **{end: {} for end in ENDS},
}


class IllegalTransition(Exception):
    """A trigger that the state does not know: always a bug of ours."""


def next_state(state: State, trigger: Trigger) -> State:
    """Return the state that follows; IllegalTransition when the table has no such move."""
    try:
        return TRANSITIONS[state][trigger]
    except KeyError:
        raise IllegalTransition(f"internal error: a rollout that is {state} cannot {trigger}") from None


class StepState(StrEnum):
    """A step that was started and has no outcome is unknown after a crash: look again, then decide."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFailure:
    """A target on which the rollout failed, in which batch, and why; ``known``: whether it is known how it is there."""

    target: str
    batch: int
    reason: str
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """How many times in a row rollouts of the unit have failed on a target for its own sake, the last time then."""

    target: str
    count: int
    last: datetime


class Decided(StrEnum):
    """What a person decides about a step that waits. Promote: go on without waiting any longer."""

    PROMOTE = "promote"
    PROMOTE_FULLY = "promote-fully"
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's word about one step (``index``) of one plan of a rollout; ``roles`` are those that they had then.

    ``emails`` are the addresses that were known to be theirs, by which somebody who comes under two names is known.
    ``approves`` is whether they had the right to approve: only then to promote everything is to approve as well.
    """

    rollout: str
    plan: str
    index: int
    decided: Decided
    author: str
    reason: str
    at: datetime
    roles: tuple[str, ...] = ()
    approves: bool = True
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What the journal knows of one step of one plan.

    ``targets_done`` of an apply step are those whose transaction is known to have succeeded. ``progress`` is where
    the checks of a probe step stand, ``runs`` where the analyses of an analyse step do. For requests, hooks and
    looks: ``effect_at`` is when it was first known to be as asked, ``targets_done`` what it is done with,
    ``again_at`` when to try or look again, and ``note`` what was seen last, in words.
    """

    plan: str
    index: int
    state: StepState
    attempt: int
    started_at: datetime
    ended_at: datetime | None = None
    targets_done: tuple[str, ...] = ()
    progress: tuple[CheckProgress, ...] = ()
    runs: tuple[AnalysisRun, ...] = ()
    effect_at: datetime | None = None
    again_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One rollout of one unit.

    ``plan`` is the plan being executed: the forward one, then, when it had to be taken back, the revert's.
    ``forward`` always names the first. ``cursor`` is the index of the step in hand. ``wake_at`` is when to look again
    while a step waits; ``deadline`` is when lack of progress becomes a failure. ``failures`` are counted against
    the failure budget; ``reason`` says why the rollout is where it is. ``waiting`` is what the step in hand waits for.
    ``decisions`` are those it has been told. ``background`` is where the analyses during all of it stand. ``routing``
    is how requests shall be sent now; ``not_upheld`` says in words why nobody can see to it now. ``changed`` are the
    targets that are known to have what the forward plan brings, ``restored`` those that are known to have what the
    revert's does.
    ``strikes`` are those of the rollouts before this one, and its own once it has failed or ended.
    """

    id: str
    unit: UnitId
    cause: Cause
    commit: str
    version: str
    digest: str
    state: State
    forward: str
    plan: str
    cursor: int = 0
    step: StepRecord | None = None
    failures: tuple[TargetFailure, ...] = ()
    reason: str = ""
    started_at: datetime
    updated_at: datetime
    wake_at: datetime | None = None
    deadline: datetime | None = None
    waiting: WaitingOn | None = None
    decisions: tuple[Decision, ...] = ()
    background: tuple[AnalysisRun, ...] = ()
    routing: tuple[Share, ...] = ()
    not_upheld: str = ""
    changed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    strikes: tuple[Strikes, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in ENDS
