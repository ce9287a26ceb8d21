"""How a rollout changes its state, and what follows from its end. Pure."""

from dataclasses import replace
from datetime import datetime

from reconciler.execute.budget import listed
from reconciler.execute.entry import Entry, deadline, resting
from reconciler.execute.given_back import given_back
from reconciler.execute.steps.record import in_hand
from reconciler.execute.whereabouts import told
from reconciler.model.change import LEAVING, Action, Cause, Change
from reconciler.model.event import (
    Event,
    Healed,
    Mended,
    ResourcesApplied,
    RolloutMoved,
    Routed,
    SnapshotTaken,
    VerdictGiven,
)
from reconciler.model.plan import Plan
from reconciler.model.policy import OnFailure
from reconciler.model.rollout import TRANSITIONS, Decision, Rollout, State, Trigger, next_state
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion
from reconciler.model.verdict import Owned, Verdict
from reconciler.policy.applicable import applies
from reconciler.policy.breaker import struck
from reconciler.verify import analysis

SIGNALS = frozenset(
    {Trigger.SUPERSEDE, Trigger.ABORT, Trigger.PAUSE, Trigger.RESUME, Trigger.NO_REVERT, Trigger.TAKE_BACK}
)
"""What a rollout can be told from outside."""

_PAUSES = frozenset({State.PAUSED, State.REVERT_PAUSED})
_REVERTS = frozenset({State.REVERT_NEEDED, State.REVERTING, State.REVERT_PAUSED})


def started(rollout: Rollout, plan: Plan, now: datetime) -> Entry:
    """Leave pending; what is measured during the whole rollout begins."""
    entry = _moved(rollout, plan, Trigger.START, "", now)
    return Entry(replace(entry.rollout, background=analysis.begin(plan.background, now)), entry.events)


def decided(rollout: Rollout, plan: Plan, decision: Decision, now: datetime) -> Entry | None:
    """A person has decided about a step; None when that is moot in its state, or it was told before."""
    if Trigger.DECIDE not in TRANSITIONS[rollout.state] or decision in rollout.decisions:
        return None
    return resting(replace(rollout, decisions=(*rollout.decisions, decision)), plan, (), now)


def signalled(rollout: Rollout, plan: Plan, trigger: Trigger, reason: str, now: datetime) -> Entry | None:
    """A person or a newer desired state stops, pauses or resumes it, or nothing can take it back.

    None when that is moot in its state.
    """
    if trigger not in SIGNALS:
        raise ValueError(f"internal error: a rollout cannot be told to {trigger}")
    if trigger is Trigger.TAKE_BACK:
        return _taken_back(rollout, plan, reason, now)
    if trigger not in TRANSITIONS[rollout.state]:
        return None
    if trigger is Trigger.NO_REVERT:
        reason = f"{rollout.reason}; not taken back: {reason}"
    entry = _moved(rollout, plan, trigger, reason, now)
    after = entry.rollout
    if rollout.state in _REVERTS and after.state in (*_PAUSES, State.REVERT_NEEDED):
        # Why it has to be taken back outlives a pause.
        after = replace(after, reason=rollout.reason)
    if after.state in _PAUSES or after.ended:
        return Entry(replace(after, deadline=None, wake_at=None), entry.events)
    record = in_hand(after)
    if record is None:
        return resting(after, plan, entry.events, now)
    step = plan.steps[after.cursor]
    if isinstance(step, AwaitPromotion | AwaitApproval | Analyse):
        # Nobody could be expected to come while it was paused.
        record = replace(record, started_at=now)
    after = replace(after, step=record, deadline=deadline(after, plan, step, now))
    return resting(after, plan, entry.events, now)


def _taken_back(rollout: Rollout, plan: Plan, reason: str, now: datetime) -> Entry | None:
    """A person wants it taken back. Where nothing new was begun there is nothing to go back from: it just ends."""
    new = rollout.cause is Cause.COMMIT
    trigger = Trigger.TAKE_BACK if new else Trigger.ABORT
    if rollout.state in _REVERTS or trigger not in TRANSITIONS[rollout.state]:
        return None
    entry = _moved(rollout, plan, trigger, reason, now)
    return Entry(entry.rollout, (*entry.events, *((_bad(rollout, plan, reason),) if new else ())))


def finished(rollout: Rollout, plan: Plan, now: datetime) -> Entry:
    """Every step of its plan has succeeded."""
    if rollout.state is State.REVERTING:
        reason = f"back at {plan.unit.named}: {rollout.reason}"
    else:
        reason = f"done but for {listed(rollout.failures)}" if rollout.failures else ""
    entry = _moved(rollout, plan, Trigger.FINISH, reason, now)
    good = _good(entry.rollout, plan) if _is_new(rollout) or _is_back(rollout) else ()
    return Entry(entry.rollout, (*entry.events, *good, *_healed(rollout, plan), *_owned(rollout, plan)))


def failed(rollout: Rollout, plan: Plan, reason: str, now: datetime) -> Entry:
    """It cannot succeed any more. A new desired state is found bad by it; drift and reverts judge nothing."""
    reverting = rollout.state is State.REVERTING
    if reverting:
        reason = f"{reason}; it was to be taken back because of: {rollout.reason}"
    takes_back = _is_new(rollout) and plan.policy.on_failure is OnFailure.REVERT
    entry = _moved(rollout, plan, Trigger.FAIL if reverting or takes_back else Trigger.FAIL_HOLD, reason, now)
    return Entry(entry.rollout, (*entry.events, *((_bad(rollout, plan, reason),) if _is_new(rollout) else ())))


def outdated(rollout: Rollout, plan: Plan, reason: str, now: datetime) -> Entry:
    """Another controller has changed what its plan was made for: that judges nothing, it is planned anew."""
    return _moved(rollout, plan, Trigger.SUPERSEDE, reason, now)


def revert_planned(rollout: Rollout, plan: Plan, now: datetime) -> Entry:
    """There is a plan that takes it back; it is executed from its first step."""
    entry = _moved(rollout, plan, Trigger.REVERT_PLANNED, f"to {plan.unit.named}: {rollout.reason}", now)
    after = replace(entry.rollout, plan=plan.id, cursor=0, step=None, failures=(), reason=rollout.reason)
    return Entry(after, entry.events)


def _moved(rollout: Rollout, plan: Plan, trigger: Trigger, reason: str, now: datetime) -> Entry:
    state = next_state(rollout.state, trigger)
    reason = told(replace(rollout, state=state, reason=reason), plan)
    moved = RolloutMoved(
        rollout=rollout.id, unit=rollout.unit, before=rollout.state.value, after=state.value, reason=reason
    )
    after = replace(rollout, state=state, reason=reason, updated_at=now, wake_at=None, deadline=None, waiting=None)
    after = replace(after, not_upheld="")
    if rollout.plan == rollout.forward and (after.ended or state is State.REVERT_NEEDED):
        after = replace(after, strikes=struck(after, [host.name for host in plan.targets], now))
    after = replace(after, routing=given_back(after, plan))
    return Entry(after, (moved, *_routed(after)))


def _routed(rollout: Rollout) -> tuple[Event, ...]:
    """Wherever a rollout ends: how it had requests sent last holds from now on."""
    if not (rollout.ended and rollout.routing):
        return ()
    return (Routed(rollout=rollout.id, unit=rollout.unit, shares=rollout.routing),)


def _is_new(rollout: Rollout) -> bool:
    return rollout.cause is Cause.COMMIT and rollout.state is State.RUNNING


def _is_back(rollout: Rollout) -> bool:
    """Whether an earlier state was brought back as a rollout of its own: it is the last known good one from now on.

    What was there before us is no state to go back to another time.
    """
    return rollout.cause is Cause.REVERT and rollout.state is State.RUNNING and bool(rollout.commit)


def _good(rollout: Rollout, plan: Plan) -> tuple[Event, ...]:
    verdict = VerdictGiven(
        unit=plan.unit_id,
        digest=plan.unit.digest,
        verdict=Verdict.GOOD,
        reason=rollout.reason or "rolled out and healthy",
        commit=rollout.commit,
    )
    return (verdict, SnapshotTaken(unit=plan.unit))


def _bad(rollout: Rollout, plan: Plan, reason: str) -> Event:
    return VerdictGiven(
        unit=plan.unit_id, digest=plan.unit.digest, verdict=Verdict.BAD, reason=reason, commit=rollout.commit
    )


def _healed(rollout: Rollout, plan: Plan) -> tuple[Event, ...]:
    """What is told of a heal that went well, so that one that has to be made again and again is noticed."""
    failed = {failure.target for failure in rollout.failures}
    mended = tuple(
        Mended(resource=each.resource, fields=_differed(each))
        for each in plan.changes
        if each.cause is Cause.DRIFT and each.resource.target not in failed
    )
    is_heal = rollout.cause is Cause.DRIFT and mended
    return (Healed(rollout=rollout.id, unit=rollout.unit, mended=mended),) if is_heal else ()


def _differed(change: Change) -> tuple[str, ...]:
    return () if change.action is Action.CREATE else tuple(field.path for field in change.fields)


def _owned(rollout: Rollout, plan: Plan) -> tuple[Event, ...]:
    """Everything the unit asks for on the targets that were seen and did not fail is now as it asks.

    What the plan changed is on record since it was applied, with who created it; the rest was so already.
    """
    if not plan.targets:
        return ()  # It was about requests alone: nobody looked at any target.
    without = {one.target for one in plan.left_out} | {failure.target for failure in rollout.failures}
    changed = frozenset(change.resource for change in plan.changes if change.action not in LEAVING)
    there = tuple(
        Owned(resource=resource, created=False)
        for resource in plan.unit.resources
        if resource.id.target not in without and resource.id not in changed and applies(resource, changed)
    )
    return (ResourcesApplied(unit=plan.unit_id, applied=there),) if there else ()
