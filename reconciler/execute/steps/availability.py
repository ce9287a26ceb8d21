"""Whether a step may take targets out of service now. Pure."""

from reconciler import gate
from reconciler.model.change import Cause
from reconciler.model.plan import Apply, Drain, Plan, Step, Stop
from reconciler.model.rollout import Rollout, State


def forbidden(rollout: Rollout, plan: Plan, step: Step) -> str | None:
    """Return why the step would take too many targets out of service, None when it may be begun.

    Those that have failed and those that were not seen count as being out of it. A revert is not kept from bringing
    back what it can: its plan has its pace, and what it changes is no good anyway.
    """
    taken = _taken(plan, step)
    if not taken or rollout.state is State.REVERTING or plan.cause is Cause.REVERT:
        return None
    failed = {failure.target for failure in rollout.failures}
    unseen = {one.target for one in plan.left_out}
    for tier in plan.tiers:
        here = taken.intersection(tier.targets)
        answer = gate.available(
            tier.may_be_down, failed.intersection(tier.targets), unseen.intersection(tier.targets), here
        )
        if here and isinstance(answer, gate.Closed):
            return answer.reason
    return None


def _taken(plan: Plan, step: Step) -> set[str]:
    """Return the targets that serve nobody for as long as the step lasts. A slot is changed beside one that serves."""
    match step:
        case Apply(slot="") | Stop():
            return {one.target for one in step.targets}
        case Drain():
            members = plan.router.members if plan.router else ()
            return {one.target for one in members if one.server in step.servers and not one.slot}
        case _:
            return set()
