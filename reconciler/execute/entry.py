"""What is written to the journal for each move of a rollout: the rollout as it then is, and the events. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.execute.move import Sleep, next_move
from reconciler.execute.outcome import Changed, Failed, Outcome, Unsure
from reconciler.execute.recovery import Again, CannotSee, Done, Recovered
from reconciler.execute.words import describe
from reconciler.model.change import LEAVING, Action
from reconciler.model.event import Event, ResourcesApplied, StepEnded, StepStarted
from reconciler.model.health import CheckProgress, CheckResult
from reconciler.model.plan import Apply, Plan, Probe, TargetChanges
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.step import Bake
from reconciler.model.verdict import Owned
from reconciler.verify import health as verify

_LONGEST_WAIT = timedelta(minutes=1)
LOOK_AGAIN = timedelta(seconds=5)
"""How soon a target is looked at again that could not be seen after an interruption."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The rollout as it is from now on, and the events that made it so: one transaction."""

    rollout: Rollout
    events: tuple[Event, ...] = ()


def patience(rollout: Rollout, plan: Plan) -> timedelta:
    """Return how long the rollout may go without progress."""
    return plan.policy.revert_within if rollout.state is State.REVERTING else plan.policy.progress_deadline


def begun(rollout: Rollout, plan: Plan, progress: tuple[CheckProgress, ...], now: datetime) -> Entry:
    """The step at the cursor is begun: the intent, written before the effect."""
    step = plan.steps[rollout.cursor]
    record = StepRecord(
        plan=plan.id,
        index=rollout.cursor,
        state=StepState.STARTED,
        attempt=1,
        started_at=now,
        progress=progress,
    )
    # A bake is a wait of known length: it is no lack of progress.
    deadline = None if isinstance(step, Bake) else now + patience(rollout, plan)
    started = StepStarted(rollout=rollout.id, unit=rollout.unit, record=record, what=describe(step))
    return _waiting(replace(rollout, step=record, deadline=deadline), plan, (started,), now)


def applied(rollout: Rollout, plan: Plan, outcomes: Mapping[str, Outcome], now: datetime) -> Entry:
    """Some transactions of an apply step are over.

    Where nobody knows how one ended the target stays unknown and is looked at again, later and later, until the
    deadline; then it has failed.
    """
    step, record = _apply_step(plan, rollout), _record(rollout)
    done = [changes for changes in step.targets if isinstance(outcomes.get(changes.target), Changed)]
    unsure = [changes for changes in step.targets if isinstance(outcomes.get(changes.target), Unsure)]
    failures, wake_at = [], rollout.wake_at
    for target, outcome in outcomes.items():
        match outcome:
            case Failed(reason):
                failures.append(TargetFailure(target=target, batch=step.batch, reason=reason))
            case Unsure(reason) if _overdue(rollout, now):
                failures.append(TargetFailure(target=target, batch=step.batch, reason=_not_known(target, reason)))
            case Unsure():
                wake_at = _later(rollout, record.attempt, now)
            case _:
                pass
    record = replace(record, targets_done=(*record.targets_done, *(changes.target for changes in done)))
    after = replace(rollout, step=record, failures=(*rollout.failures, *failures), wake_at=wake_at, updated_at=now)
    return Entry(after, (*_ownership(plan, done), *_perhaps(plan, unsure)))


def _not_known(target: str, reason: str) -> str:
    return f"how the change on {target} ended is not known: {reason}"


def _overdue(rollout: Rollout, now: datetime) -> bool:
    return rollout.deadline is not None and now >= rollout.deadline


def _later(rollout: Rollout, attempt: int, now: datetime) -> datetime:
    wait = min(timedelta(seconds=2 ** min(attempt, 10)), _LONGEST_WAIT)
    return min(now + wait, rollout.deadline) if rollout.deadline else now + wait


def recovered(rollout: Rollout, plan: Plan, outcomes: Mapping[str, Recovered], now: datetime) -> Entry:
    """A begun apply step was looked at: what is known of it now. Targets to do again count as another attempt."""
    known: dict[str, Outcome] = {}
    unseen = again = False
    for target, outcome in outcomes.items():
        match outcome:
            case Done():
                known[target] = Changed()
            case CannotSee(reason) if _overdue(rollout, now):
                known[target] = Unsure(reason)
            case CannotSee():
                unseen = True
            case Again():
                again = True
    entry = applied(rollout, plan, known, now)
    record = _record(entry.rollout)
    record = replace(record, attempt=record.attempt + again)
    return Entry(replace(entry.rollout, step=record, wake_at=now + LOOK_AGAIN if unseen else None), entry.events)


def asked(rollout: Rollout, plan: Plan, answers: Mapping[CheckProgress, CheckResult], now: datetime) -> Entry:
    """A round of checks was asked: where they stand, who has failed by it, and who has become healthy."""
    record = _record(rollout)
    step = plan.steps[rollout.cursor]
    if not isinstance(step, Probe):
        raise TypeError(f"internal error: step {rollout.cursor} of plan {plan.id} asks no checks")
    progress = tuple(
        verify.answered(one, step.checks[one.check], answers[one], now) if one in answers else one
        for one in record.progress
    )
    failed = {failure.target for failure in rollout.failures}
    failures = []
    for one in progress:
        judgement = verify.judge(one, step.checks[one.check])
        if judgement is verify.Judgement.FAILED and one.target not in failed:
            failed.add(one.target)
            reason = f"health check {step.checks[one.check]} failed on {one.target}: {one.detail}"
            failures.append(TargetFailure(target=one.target, batch=step.batch, reason=reason))
    deadline = rollout.deadline
    if rollout.state is State.RUNNING and _healthy(step, progress) - _healthy(step, record.progress):
        deadline = now + patience(rollout, plan)
    after = replace(
        rollout,
        step=replace(record, progress=progress),
        failures=(*rollout.failures, *failures),
        deadline=deadline,
    )
    return _waiting(after, plan, (), now)


def given_up(rollout: Rollout, plan: Plan, failures: tuple[TargetFailure, ...], now: datetime) -> Entry:
    """Targets did not become healthy in time; the others go on."""
    return _waiting(replace(rollout, failures=(*rollout.failures, *failures)), plan, (), now)


def ended(rollout: Rollout, plan: Plan, now: datetime) -> Entry:
    """The step at the cursor is over; the next one follows."""
    record = _record(rollout)
    step = plan.steps[rollout.cursor]
    record = replace(record, state=StepState.SUCCEEDED, ended_at=now)
    event = StepEnded(
        rollout=rollout.id, unit=rollout.unit, record=record, what=describe(step), detail=_detail(rollout, plan)
    )
    after = replace(rollout, step=record, cursor=rollout.cursor + 1, deadline=None, wake_at=None, updated_at=now)
    return Entry(after, (event,))


def picked_up(rollout: Rollout, plan: Plan, now: datetime) -> Entry | None:
    """Somebody takes it up again: a deadline that passed while nobody worked on it begins anew. None if it need not."""
    if rollout.deadline is None or now < rollout.deadline:
        return None
    return _waiting(replace(rollout, deadline=now + patience(rollout, plan)), plan, (), now)


def _waiting(rollout: Rollout, plan: Plan, events: tuple[Event, ...], now: datetime) -> Entry:
    rollout = replace(rollout, updated_at=now, wake_at=None)
    if isinstance(plan.steps[rollout.cursor], Apply):
        return Entry(rollout, events)
    move = next_move(rollout, plan, now)
    return Entry(replace(rollout, wake_at=move.until if isinstance(move, Sleep) else None), events)


def _record(rollout: Rollout) -> StepRecord:
    if rollout.step is None:
        raise TypeError(f"internal error: rollout {rollout.id} has no step in hand")
    return rollout.step


def _apply_step(plan: Plan, rollout: Rollout) -> Apply:
    step = plan.steps[rollout.cursor]
    if not isinstance(step, Apply):
        raise TypeError(f"internal error: step {rollout.cursor} of plan {plan.id} changes nothing")
    return step


def _ownership(plan: Plan, done: Sequence[TargetChanges]) -> tuple[Event, ...]:
    """Whatever becomes of the rollout: what was changed on a target is ours from now on."""
    resources = {resource.id: resource for resource in plan.unit.resources}
    changes = [change for target in done for change in target.changes]
    owned = tuple(
        Owned(resource=resources[change.resource], created=change.action is Action.CREATE, before=change.adopts)
        for change in changes
        if change.action not in LEAVING
    )
    removed = tuple(change.resource for change in changes if change.action in LEAVING)
    return (ResourcesApplied(unit=plan.unit_id, applied=owned, removed=removed),) if changes else ()


def _perhaps(plan: Plan, unsure: Sequence[TargetChanges]) -> tuple[Event, ...]:
    """What may have been made: without a word of it a later state would take it for somebody else's."""
    made = {change.resource for target in unsure for change in target.changes if change.action is Action.CREATE}
    there = tuple(
        Owned(resource=resource, created=False, sure=False) for resource in plan.unit.resources if resource.id in made
    )
    return (ResourcesApplied(unit=plan.unit_id, applied=there),) if there else ()


def _healthy(step: Probe, progress: Sequence[CheckProgress]) -> set[str]:
    not_yet = {
        one.target for one in progress if verify.judge(one, step.checks[one.check]) is not verify.Judgement.PASSED
    }
    return set(step.targets) - not_yet


def _detail(rollout: Rollout, plan: Plan) -> str:
    step = plan.steps[rollout.cursor]
    if isinstance(step, Bake):
        return "the time is over"
    names = [one if isinstance(one, str) else one.target for one in step.targets]
    failed = {failure.target: failure.reason for failure in rollout.failures}
    good = [name for name in names if name not in failed]
    word = "changed" if isinstance(step, Apply) else "healthy"
    parts = [f"{', '.join(good)} {word}"] if good else []
    return "; ".join([*parts, *(failed[name] for name in names if name in failed)])
