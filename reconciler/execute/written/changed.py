"""Transactions of an Apply or Stop step are over, or were looked at again: what is written. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.execute.entry import Entry, record_of, resting
from reconciler.execute.outcome import Changed, Failed, Outcome, Partly, Unsure
from reconciler.execute.recovery import Again, CannotSee, Done, Recovered
from reconciler.execute.retry import Jitter, again_at
from reconciler.execute.steps.record import overdue
from reconciler.execute.whereabouts import with_changed
from reconciler.model.change import LEAVING, Action
from reconciler.model.event import Event, ResourcesApplied
from reconciler.model.plan import Apply, Plan, Stop, TargetChanges
from reconciler.model.rollout import Rollout, TargetFailure
from reconciler.model.target import all_or_nothing
from reconciler.model.verdict import Owned

LOOK_AGAIN = timedelta(seconds=5)
"""How soon a target is looked at again that could not be seen after an interruption."""


def applied(rollout: Rollout, plan: Plan, outcomes: Mapping[str, Outcome], now: datetime, jitter: Jitter) -> Entry:
    """Some transactions of a step are over.

    Where nobody knows how one ended the target stays unknown and is looked at again, later and later, until the
    deadline; then it has failed.
    """
    step, record = _step(plan, rollout), record_of(rollout)
    done = [changes for changes in step.targets if isinstance(outcomes.get(changes.target), Changed)]
    unsure = [changes for changes in step.targets if isinstance(outcomes.get(changes.target), Unsure)]
    partly = [changes for changes in step.targets if isinstance(outcomes.get(changes.target), Partly)]
    failures = []
    for target, outcome in outcomes.items():
        match outcome:
            case Failed(reason):
                # What an earlier attempt did on an API before it was cut off is there all the same.
                known = record.attempt == 1 or _whole(plan, target)
                failures.append(TargetFailure(target=target, batch=step.batch, reason=reason, known=known))
            case Partly(reason):
                failures.append(TargetFailure(target=target, batch=step.batch, reason=reason, known=False))
            case Unsure(reason) if overdue(rollout, now):
                reason = _not_known(target, reason)
                failures.append(TargetFailure(target=target, batch=step.batch, reason=reason, known=False))
            case Unsure(reason):
                record = replace(record, again_at=again_at(rollout, record.attempt, now, jitter), note=reason)
            case _:
                pass
    record = replace(record, targets_done=(*record.targets_done, *(changes.target for changes in done)))
    after = replace(rollout, step=record, failures=(*rollout.failures, *failures))
    if isinstance(step, Apply):
        after = with_changed(after, [changes.target for changes in done])
    perhaps = (*_perhaps(plan, unsure), *_perhaps(plan, partly, created=True))
    return resting(after, plan, (*_ownership(plan, done), *perhaps), now)


def recovered(rollout: Rollout, plan: Plan, outcomes: Mapping[str, Recovered], now: datetime, jitter: Jitter) -> Entry:
    """A begun step was looked at: what is known of it now. Targets to do again count as another attempt."""
    known: dict[str, Outcome] = {}
    unseen, again = "", list[str]()
    for target, outcome in outcomes.items():
        match outcome:
            case Done():
                known[target] = Changed()
            case CannotSee(reason) if overdue(rollout, now):
                known[target] = Unsure(reason)
            case CannotSee(reason):
                unseen = reason
            case Again():
                again.append(target)
    record = record_of(rollout)
    looked = replace(
        record,
        attempt=record.attempt + bool(again),
        again_at=now + jitter(LOOK_AGAIN) if unseen else None,
        note=unseen or record.note,
    )
    entry = applied(replace(rollout, step=looked), plan, known, now, jitter)
    # Half of it may be there already, and this time it may be refused.
    halves = [each for each in _step(plan, rollout).targets if each.target in again and not _whole(plan, each.target)]
    return replace(entry, events=(*entry.events, *_perhaps(plan, halves, created=True)))


def _whole(plan: Plan, target: str) -> bool:
    return all(all_or_nothing(each) for each in plan.targets if each.name == target)


def _not_known(target: str, reason: str) -> str:
    return f"how the change on {target} ended is not known: {reason}"


def _step(plan: Plan, rollout: Rollout) -> Apply | Stop:
    step = plan.steps[rollout.cursor]
    if not isinstance(step, Apply | Stop):
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


def _perhaps(plan: Plan, unsure: Sequence[TargetChanges], *, created: bool = False) -> tuple[Event, ...]:
    """What may have been made: without a word of it a later state would take it for somebody else's.

    Where a change is known to have been done in part, what was not there before it was ``created`` by it.
    """
    made = {change.resource for target in unsure for change in target.changes if change.action is Action.CREATE}
    there = tuple(
        Owned(resource=resource, created=created, sure=False) for resource in plan.unit.resources if resource.id in made
    )
    return (ResourcesApplied(unit=plan.unit_id, applied=there),) if there else ()
