"""Whether so many targets are out of service already that none more may be. Pure."""

from reconciler.model.change import Cause
from reconciler.model.event import Condition
from reconciler.model.plan import Apply, Plan, Tier
from reconciler.model.policy import BlueGreen
from reconciler.model.standing import UnitStanding
from reconciler.model.waiting import Reason, WaitingOn

_NAMED = 5


def used_up(plan: Plan, known: UnitStanding) -> WaitingOn | None:
    """Return that the plan waits for targets to come back; None when there is room for one more that is out of service.

    To change what is not healthy anyway takes nothing out of service, and a revert never waits.
    """
    if plan.cause is Cause.COMMIT and (missing := _no_other_side(plan, known)):
        return missing
    if plan.cause is Cause.REVERT:
        return None
    return next((waiting for tier in plan.tiers if (waiting := _no_room(plan, tier, known))), None)


def _no_room(plan: Plan, tier: Tier, known: UnitStanding) -> WaitingOn | None:
    here = frozenset(tier.targets)
    ill = {name for name, told in known.health.items() if told.condition is Condition.UNHEALTHY} & here
    applied = [(each.target, step.slot) for step in plan.steps if isinstance(step, Apply) for each in step.targets]
    changed = {target for target, _ in applied} & here
    down = ({each.target for each in plan.left_out} & here) | (ill - changed)
    if tier.may_be_down is None or len(down) < tier.may_be_down or not changed - ill:
        return None
    if any(slot for target, slot in applied if target in here):
        return None  # The new version comes up beside the old one, which takes nothing out of service.
    named = ", ".join(sorted(down)[:_NAMED]) + (f" and {len(down) - _NAMED} more" if len(down) > _NAMED else "")
    detail = f"{len(down)} of {len(here)} targets are out of service already ({named})"
    return WaitingOn(
        Reason.BUDGET, f"{detail}; the policy allows {tier.may_be_down} (maxUnavailable); it goes on when they are back"
    )


def _no_other_side(plan: Plan, known: UnitStanding) -> WaitingOn | None:
    """A switch needs both sides; in place, and unnoticed, the one that serves cannot be changed."""
    strategy = plan.policy.strategy
    if not isinstance(strategy, BlueGreen) or plan.unit.slots or known.last_good is None or not plan.left_out:
        return None
    there = {each.labels.get(strategy.side_label) for each in plan.targets if each.name in plan.unit.targets}
    gone = ", ".join(each.target for each in plan.left_out[:_NAMED])
    if len(there) > 1:
        return None
    return WaitingOn(Reason.UNREACHABLE, f"only one side can be seen ({gone} cannot): there is nothing to switch to")
