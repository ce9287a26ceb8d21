"""What is written to the journal for each step of a rollout: the rollout as it then is, and the events. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.execute.move import next_move
from reconciler.execute.moves import Sleep
from reconciler.execute.steps import decisions, traffic
from reconciler.execute.words import describe
from reconciler.model.event import Event, StepEnded, StepStarted
from reconciler.model.plan import Apply, Confirm, Drain, Plan, Probe, Shift, Step, Stop
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.verify import analysis
from reconciler.verify import health as verify


@dataclass(frozen=True, slots=True)
class Upheld:
    """Which servers' shares the load balancers had forgotten and were told again, or why nobody could see to it."""

    lost: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The rollout as it is from now on, and the events that made it so: one transaction."""

    rollout: Rollout
    events: tuple[Event, ...] = ()


def patience(rollout: Rollout, plan: Plan) -> timedelta:
    """Return how long the rollout may go without progress."""
    return plan.policy.revert_within if rollout.state is State.REVERTING else plan.policy.progress_deadline


def begun(rollout: Rollout, plan: Plan, targets: Sequence[str], now: datetime) -> Entry:
    """The step at the cursor is begun for these targets: the intent, written before the effect."""
    step = plan.steps[rollout.cursor]
    record = StepRecord(
        plan=plan.id,
        index=rollout.cursor,
        state=StepState.STARTED,
        attempt=1,
        started_at=now,
        progress=verify.begin(targets, step.checks, now) if isinstance(step, Probe) else (),
        runs=analysis.begin(step.analyses, now) if isinstance(step, Analyse) else (),
    )
    started = StepStarted(rollout=rollout.id, unit=rollout.unit, record=record, what=describe(step))
    after = replace(rollout, step=record, deadline=deadline(rollout, plan, step, now))
    if isinstance(step, Drain | Shift):
        # From here on this is how requests shall be sent, whatever becomes of the step.
        after = replace(after, routing=traffic.merged(rollout.routing, traffic.wanted(rollout, plan, step)))
    return resting(after, plan, (started,), now)


def deadline(rollout: Rollout, plan: Plan, step: Step, now: datetime) -> datetime | None:
    """Return when the step counts as lack of progress. A wait for time, figures or people has an end of its own."""
    match step:
        case Bake() | Analyse() | AwaitPromotion() | AwaitApproval() | CallHook():
            return None
        case Drain():
            return now + patience(rollout, plan) + step.within
        case _:
            return now + patience(rollout, plan)


def resting(rollout: Rollout, plan: Plan, events: tuple[Event, ...], now: datetime) -> Entry:
    """Return the entry with what the rollout waits for from now on, and until when."""
    move = next_move(rollout, plan, now)
    if isinstance(move, Sleep):
        after = replace(rollout, updated_at=now, wake_at=move.until, waiting=move.waiting)
    else:
        after = replace(rollout, updated_at=now, wake_at=None, waiting=None)
    return Entry(after, events)


def given_up(rollout: Rollout, plan: Plan, failures: tuple[TargetFailure, ...], now: datetime) -> Entry:
    """Targets have failed in the step in hand; the others go on."""
    return resting(replace(rollout, failures=(*rollout.failures, *failures)), plan, (), now)


def ended(rollout: Rollout, plan: Plan, now: datetime) -> Entry:
    """The step at the cursor is over; the next one follows."""
    return _over(rollout, plan, StepState.SUCCEEDED, _detail(rollout, plan), now)


def passed_over(rollout: Rollout, plan: Plan, failure: TargetFailure, now: datetime) -> Entry:
    """The step at the cursor has failed, and the next one follows all the same."""
    told = replace(rollout, failures=(*rollout.failures, failure))
    if told.step is None or (told.step.plan, told.step.index) != (plan.id, rollout.cursor):
        told = begun(told, plan, (), now).rollout
    return _over(told, plan, StepState.FAILED, failure.reason, now)


def picked_up(rollout: Rollout, plan: Plan, now: datetime) -> Entry | None:
    """Somebody takes it up again: a deadline that passed while nobody worked on it begins anew. None if it need not."""
    if rollout.deadline is None or now < rollout.deadline:
        return None
    return resting(replace(rollout, deadline=now + patience(rollout, plan)), plan, (), now)


def upheld(rollout: Rollout, found: Upheld, now: datetime) -> Entry | None:
    """Somebody saw to it that requests are sent as the rollout has them sent; None when that says nothing new."""
    if found.trouble:
        return None if rollout.not_upheld else Entry(replace(rollout, not_upheld=found.trouble, updated_at=now))
    if found.lost or rollout.not_upheld:
        return Entry(replace(rollout, not_upheld="", updated_at=now))
    return None


def record_of(rollout: Rollout) -> StepRecord:
    """Return the record of the step in hand, of which there has to be one."""
    if rollout.step is None:
        raise TypeError(f"internal error: rollout {rollout.id} has no step in hand")
    return rollout.step


def _over(rollout: Rollout, plan: Plan, state: StepState, detail: str, now: datetime) -> Entry:
    record = replace(record_of(rollout), state=state, ended_at=now)
    what = describe(plan.steps[rollout.cursor])
    event = StepEnded(rollout=rollout.id, unit=rollout.unit, record=record, what=what, detail=detail)
    after = replace(rollout, step=record, cursor=rollout.cursor + 1, deadline=None)
    return resting(after, plan, (event,), now)


def _detail(rollout: Rollout, plan: Plan) -> str:
    step, record = plan.steps[rollout.cursor], record_of(rollout)
    match step:
        case Apply() | Stop() | Probe() | Confirm():
            return _by_target(rollout, step)
        case Drain():
            cut = set(step.servers) - set(record.targets_done)
            return f"the time is over; cut: {record.note}" if cut else "no request is under way there any more"
        case Analyse():
            concluded = analysis.conclude(record.runs, step.analyses, step.passes_at)
            return _decided(rollout) or (concluded.reason if concluded else "")
        case Bake():
            return _decided(rollout) or "the time is over"
        case _:
            return _decided(rollout) or record.note


def _decided(rollout: Rollout) -> str:
    said = [f"{one.decided.value} by {one.author}: {one.reason}" for one in decisions.taken(rollout)]
    return "; ".join(said)


def _by_target(rollout: Rollout, step: Apply | Stop | Probe | Confirm) -> str:
    names = [one if isinstance(one, str) else one.target for one in step.targets]
    failed = {failure.target: failure.reason for failure in rollout.failures}
    good = [name for name in names if name not in failed]
    word = {"apply": "changed", "stop": "stopped", "probe": "healthy", "confirm": "as the plan wants it"}[step.step]
    parts = [f"{', '.join(good)} {word}"] if good else []
    return "; ".join([*parts, *(failed[name] for name in names if name in failed)])
