"""What a rollout does next: a pure function of the rollout, its plan and the time. Nothing is remembered elsewhere."""

from datetime import datetime
from typing import assert_never

from reconciler.execute.budget import exceeded, listed
from reconciler.execute.moves import Begin, Fail, Finish, Move, PassOver, Recover, Rest, Start
from reconciler.execute.steps import analyse, availability, change, confirm, hook, probe, traffic, wait
from reconciler.execute.steps.record import in_hand, left, tolerant
from reconciler.model.plan import Apply, Confirm, Drain, Mirror, Plan, Probe, Shift, Step, Stop
from reconciler.model.rollout import Rollout, State, StepRecord, TargetFailure
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook


def next_move(rollout: Rollout, plan: Plan, now: datetime) -> Move:
    """Return the one thing to do next. ``plan`` is the one the rollout is executing."""
    match rollout.state:
        case State.PENDING:
            return Start()
        case State.RUNNING:
            move = _next(rollout, plan, now)
            return move if isinstance(move, Recover | Fail) else analyse.beside(rollout, plan, move, now)
        case State.REVERTING:
            return _however(rollout, plan, _next(rollout, plan, now))
        case _:
            return Rest()


def _next(rollout: Rollout, plan: Plan, now: datetime) -> Move:
    if not tolerant(rollout, plan) and (reason := exceeded(rollout.failures, plan.policy.failure_budget)):
        return Fail(reason)
    if rollout.cursor >= len(plan.steps):
        failed = rollout.failures and tolerant(rollout, plan)
        return Fail(listed(rollout.failures)) if failed else Finish()
    step, record = plan.steps[rollout.cursor], in_hand(rollout)
    if record is None:
        forbidden = availability.forbidden(rollout, plan, step) or traffic.in_vain(rollout, plan, step)
        return Fail(forbidden) if forbidden else _begin(rollout, step)
    return _go_on(rollout, plan, record, now)


def _begin(rollout: Rollout, step: Step) -> Move:
    match step:
        case Apply() | Stop():
            return change.begin(rollout, step)
        case Probe() | Confirm():
            return Begin(step, left(rollout, step.targets))
        case _:
            return Begin(step)


def _go_on(rollout: Rollout, plan: Plan, record: StepRecord, now: datetime) -> Move:  # noqa: PLR0911 - a case a sort
    step = plan.steps[rollout.cursor]
    match step:
        case Apply() | Stop():
            return change.go_on(rollout, step, record, now)
        case Probe():
            return probe.go_on(rollout, plan, step, record, now)
        case Confirm():
            return confirm.go_on(rollout, step, record, now)
        case Drain() | Shift() | Mirror():
            return traffic.go_on(rollout, plan, step, record, now)
        case Bake():
            return wait.bake(rollout, step, record, now)
        case AwaitPromotion():
            return wait.promotion(rollout, step, record, now)
        case AwaitApproval():
            return wait.approval(rollout, step, record, now)
        case Analyse():
            return analyse.go_on(rollout, step, record, now)
        case CallHook():
            return hook.go_on(rollout, step, record, now)
        case _:
            assert_never(step)


def _however(rollout: Rollout, plan: Plan, move: Move) -> Move:
    """A revert goes on where it can: a step that has failed is passed over and told at the end."""
    if isinstance(move, Fail) and rollout.cursor < len(plan.steps):
        step = plan.steps[rollout.cursor]
        balancers = plan.router.hosts if plan.router and isinstance(step, Drain | Shift | Mirror) else ()
        where = ", ".join(balancers) or f"step {rollout.cursor + 1}"
        return PassOver(step, TargetFailure(target=where, batch=0, reason=move.reason))
    return move
