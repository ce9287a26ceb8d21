"""A unit whose rollout has not ended: whether it goes on, stops, or is taken back."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.assessment import Assessment, Signal
from reconciler.model.canonical import Digest
from reconciler.model.change import Cause
from reconciler.model.event import AbortRequested
from reconciler.model.governance import GateWord
from reconciler.model.plan import Plan
from reconciler.model.rollout import Decision, Rollout, State, Trigger
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.plan.beside import gates_beside, holding_up, shut_before
from reconciler.plan.conflicts import in_the_way, without_conflicts
from reconciler.plan.order import Cycle
from reconciler.plan.pause import stopped, waits
from reconciler.plan.planner import Material, build
from reconciler.plan.situation import Situation
from reconciler.policy.holding import REVERTING, Holding, holding
from reconciler.policy.removal import GONE
from reconciler.policy.routing import in_the_end


def assess_in_hand(wanted: Unit, rollout: Rollout, situation: Situation) -> Assessment:
    """Return the signal the rollout has to get, the revert it needs, or nothing: it goes on by itself."""
    known = situation.standing.of(wanted.id)
    held = holding(wanted, known)
    base = Assessment(unit=wanted.id, wanted=wanted, effective=held.unit, rejected=held.rejected, looked=False)
    paused = known.paused or situation.standing.paused
    if wanted.blocked and not paused:
        return replace(base, waiting=WaitingOn(Reason.BLOCKED, wanted.blocked))
    # What a unit asks for is not known while a secret of it cannot be read, but a person's stop counts all the same.
    newer = None if wanted.blocked else _newer(wanted, rollout, situation)
    window = holding_up(rollout, situation)
    base = replace(base, gates=tuple(gates_beside(rollout, window, situation)))
    told = newer or _aborted(rollout, known.abort) or stopped(rollout, paused, window)
    if signal := told or _not_begun(rollout, situation):
        return replace(base, signal=signal)
    if paused:
        return replace(base, waiting=waits(paused))
    if window and window.stands is not GateWord.OPEN:
        return replace(base, waiting=WaitingOn(Reason.WINDOW, window.detail, window.until))
    if signal := _decided(rollout, known.decisions):
        return replace(base, signal=signal)
    return _revert(base, held, rollout, situation) if rollout.state is State.REVERT_NEEDED else base


def _aborted(rollout: Rollout, abort: AbortRequested | None) -> Signal | None:
    """A person's end of a rollout; what is being taken back already can only be left as it is."""
    if abort is None or abort.rollout != rollout.id or (rollout.state in REVERTING and not abort.leave):
        return None
    trigger = Trigger.ABORT if abort.leave else Trigger.TAKE_BACK
    return Signal(rollout=rollout.id, trigger=trigger, reason=f"aborted by {abort.author}: {abort.reason}")


def _not_begun(rollout: Rollout, situation: Situation) -> Signal | None:
    """What has not begun yet is judged anew when a lock or a window keeps it by now."""
    gate = shut_before(rollout, situation)
    reason = f"not begun yet, and {gate.detail}" if gate else ""
    return Signal(rollout=rollout.id, trigger=Trigger.SUPERSEDE, reason=reason) if gate else None


def _decided(rollout: Rollout, decisions: Sequence[Decision]) -> Signal | None:
    """The first thing a person decided about it that it has not been told yet."""
    if rollout.state is not State.RUNNING:
        return None
    new = (each for each in decisions if each.rollout == rollout.id and each not in rollout.decisions)
    each = next(new, None)
    reason = f"{each.decided} by {each.author}" if each else ""
    return Signal(rollout=rollout.id, trigger=Trigger.DECIDE, reason=reason, decision=each) if each else None


def _newer(wanted: Unit, rollout: Rollout, situation: Situation) -> Signal | None:
    """Another state to be held to pre-empts a rollout, also a revert; the base stays the last good one."""
    known = situation.standing.of(wanted.id)
    if known.pinned:
        target, reason = _pinned(known, rollout), f"held at {known.pinned.named} by {known.pinned.author}"
    else:
        target, reason = _of_git(wanted, known, rollout), f"Git now says {wanted.commit[:7]}"
    if target == rollout.digest:
        return None
    return Signal(rollout=rollout.id, trigger=Trigger.SUPERSEDE, reason=reason)


def _of_git(wanted: Unit, known: UnitStanding, rollout: Rollout) -> Digest:
    if rollout.state in REVERTING:
        verdict = known.verdicts.get(wanted.digest)
        return wanted.digest if verdict is None or verdict.verdict is not Verdict.BAD else rollout.digest
    unit = holding(wanted, known).unit
    return unit.digest if unit else rollout.digest


def _pinned(known: UnitStanding, rollout: Rollout) -> Digest:
    """A revert that has no plan yet is planned to where a person holds it; one to that very state goes on."""
    if known.pinned is None or rollout.state is State.REVERT_NEEDED:
        return rollout.digest
    good = known.last_good.unit.digest if known.last_good else None
    return rollout.digest if rollout.state in REVERTING and good == known.pinned.digest else known.pinned.digest


def _revert(base: Assessment, held: Holding, rollout: Rollout, situation: Situation) -> Assessment:
    unit = base.effective
    if unit is None or unit.digest == rollout.digest:
        return replace(base, signal=_impossible(rollout, "no last known good state to go back to"))
    diff = situation.diff(unit.id)
    if {each.target for each in diff.conflicts} >= set(unit.targets):
        return replace(base, signal=_impossible(rollout, f"cannot go back: {in_the_way(diff)}"))
    base = replace(base, unseen=diff.unseen)
    if diff.unseen and {each.target for each in diff.unseen} >= set(unit.targets):
        first = diff.unseen[0]
        return replace(base, waiting=WaitingOn(Reason.UNREACHABLE, f"cannot see {first.target}: {first.reason}"))
    diff = without_conflicts(diff)
    brought_since = held.brought(diff.orphans)
    material = Material(
        unit=unit,
        cause=Cause.REVERT,
        parent=unit.digest,
        differing=[replace(each, change=replace(each.change, cause=Cause.REVERT)) for each in diff.differing],
        delete=brought_since,
        left_out=diff.unseen,
        known=situation.standing.of(unit.id),
    )
    try:
        plan = build(material, situation.survey, situation.desired.targets, situation.kinds)
    except Cycle as cycle:
        return replace(base, signal=_impossible(rollout, str(cycle)))
    if not diff.differing and not brought_since and _routed(plan, rollout):
        return replace(base, signal=_impossible(rollout, _nothing(unit)))
    return replace(base, plan=plan)


def _routed(plan: Plan, rollout: Rollout) -> bool:
    """Whether requests are sent already as the plan wants it at its end."""
    now = {share.server: share.weight for share in rollout.routing}
    return not now or all(now.get(server, 0) == weight for server, weight in in_the_end(plan.steps).items())


def _nothing(unit: Unit) -> str:
    if unit.digest == GONE:
        return "no last known good state to go back to, and it brought nothing that could be taken away"
    return f"nothing to take back: everything is as {unit.commit[:7]} says"


def _impossible(rollout: Rollout, reason: str) -> Signal:
    return Signal(rollout=rollout.id, trigger=Trigger.NO_REVERT, reason=reason)
