"""What stops a rollout for a while, a person or a window: what it is told, and what everything else waits for. Pure."""

from reconciler.model.assessment import Signal
from reconciler.model.event import Paused
from reconciler.model.governance import GateState, GateWord
from reconciler.model.rollout import Rollout, State, Trigger
from reconciler.model.waiting import Reason, WaitingOn

_MAY_PAUSE = frozenset({State.PENDING, State.RUNNING, State.REVERT_NEEDED, State.REVERTING})
_MAY_BE_HELD_UP = frozenset({State.PENDING, State.RUNNING})
_MAY_RESUME = frozenset({State.PAUSED, State.REVERT_PAUSED})


def stopped(rollout: Rollout, paused: Paused | None, window: GateState | None = None) -> Signal | None:
    """Return what a rollout is told. A person's stop beats everything but a newer desired state, until it is lifted.

    A window that is shut stops it too, but no way back.
    """
    if paused and rollout.state in _MAY_PAUSE:
        return Signal(rollout=rollout.id, trigger=Trigger.PAUSE, reason=_said(paused))
    shut = window is not None and window.stands is not GateWord.OPEN
    if window and shut and not paused and rollout.state in _MAY_BE_HELD_UP:
        return Signal(rollout=rollout.id, trigger=Trigger.PAUSE, reason=window.detail)
    kept = shut and rollout.state is State.PAUSED
    if not paused and not kept and rollout.state in _MAY_RESUME:
        return Signal(rollout=rollout.id, trigger=Trigger.RESUME, reason="resumed")
    return None


def waits(paused: Paused) -> WaitingOn:
    """Return that nothing is done until the stop is lifted."""
    return WaitingOn(Reason.PAUSED, _said(paused))


def _said(paused: Paused) -> str:
    return f"paused by {paused.author}: {paused.reason}"
