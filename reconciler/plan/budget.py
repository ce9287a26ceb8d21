"""Whether so many targets are out of service already that none more may be. Pure."""

from reconciler.model.change import Cause
from reconciler.model.event import Condition
from reconciler.model.plan import Apply, Plan
from reconciler.model.standing import UnitStanding
from reconciler.model.waiting import Reason, WaitingOn

_NAMED = 5


def used_up(plan: Plan, known: UnitStanding) -> WaitingOn | None:
    """Return that the plan waits for targets to come back; None when there is room for one more that is out of service.

    To change what is not healthy anyway takes nothing out of service, and a revert never waits.
    """
    if plan.may_be_down is None or plan.cause is Cause.REVERT:
        return None
    ill = {name for name, told in known.health.items() if told.condition is Condition.UNHEALTHY}
    changed = {each.target for step in plan.steps if isinstance(step, Apply) for each in step.targets}
    gone = {each.target for each in plan.left_out}
    down = (gone | (ill - changed)) & set(plan.unit.targets)
    if len(down) < plan.may_be_down or not changed - ill or _in_a_slot(plan):
        return None
    named = ", ".join(sorted(down)[:_NAMED]) + (f" and {len(down) - _NAMED} more" if len(down) > _NAMED else "")
    detail = f"{len(down)} of {len(plan.unit.targets)} targets are out of service already ({named})"
    return WaitingOn(Reason.BUDGET, f"{detail}; the policy allows {plan.may_be_down} (maxUnavailable)")


def _in_a_slot(plan: Plan) -> bool:
    """Whether the new version comes up beside the old one, which takes nothing out of service."""
    return any(step.slot for step in plan.steps if isinstance(step, Apply))
