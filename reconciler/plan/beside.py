"""What stands beside a rollout in hand: a window that may hold it up, locks that were taken since. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model.governance import FREE, GateKind, GateState, GateWord
from reconciler.model.rollout import Rollout, State
from reconciler.plan.situation import Situation
from reconciler.policy import locks, windows
from reconciler.policy.holding import REVERTING
from reconciler.policy.waiving import unless_waived
from reconciler.policy.windows import Plea


def holding_up(rollout: Rollout, situation: Situation) -> GateState | None:
    """Return how the windows stand for it that do not let it run over their end; None where there are none.

    What somebody waives is open. Nothing holds up a way back.
    """
    rules = situation.desired.governance.get(rollout.unit, FREE)
    if rollout.state in REVERTING:
        return None
    now, words = situation.now, situation.standing.of(rollout.unit).words
    gate = windows.passage(rules.windows, Plea(rollout.cause), rollout.started_at, now)
    if gate is None:
        return None
    gate = unless_waived(gate, words, now)
    return replace(gate, stands=GateWord.OPEN) if gate.stands is GateWord.WAIVED else gate


def shut_before(rollout: Rollout, situation: Situation) -> GateState | None:
    """Return the gate that has shut before anything of it began: a daemon may be away for long right before that.

    None where none has; what has begun goes on.
    """
    if rollout.state is not State.PENDING:
        return None
    standing, now = situation.standing, situation.now
    words = standing.of(rollout.unit).words
    rules = situation.desired.governance.get(rollout.unit, FREE)
    window = windows.shut_since(rules.windows, Plea(rollout.cause), rollout.started_at, now)
    gates = (*locks.gates(rollout.unit, (*standing.words, *words), now), *((window,) if window else ()))
    passed = (unless_waived(each, words, now) for each in gates)
    return next((each for each in passed if each.stands is not GateWord.WAIVED), None)


def gates_beside(rollout: Rollout, window: GateState | None, situation: Situation) -> Iterator[GateState]:
    """Yield what is to be shown beside it. A lock ends nothing that has begun: it keeps the next from beginning."""
    if window:
        yield window
    standing = situation.standing
    words = (*standing.words, *standing.of(rollout.unit).words)
    for each in locks.gates(rollout.unit, words, situation.now):
        told = f"the rollout in hand goes on to its end, nothing new begins: {each.detail}"
        yield GateState(kind=GateKind.LOCK, name=each.name, stands=GateWord.WARNS, detail=told, until=each.until)
