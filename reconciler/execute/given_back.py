"""Requests that were taken off for a change, when the rollout ends before it gave them back. Pure."""

from reconciler.execute.steps.record import in_hand
from reconciler.model.plan import Drain, Plan, Shift
from reconciler.model.policy import BlueGreen
from reconciler.model.rollout import Rollout, State
from reconciler.model.traffic import Member, Share
from reconciler.policy.routing import in_the_end

_HALF_WAY = frozenset({State.HELD, State.ABORTED, State.SUPERSEDED, State.REVERTED, State.REVERT_FAILED})
_FULL = 100


def given_back(rollout: Rollout, plan: Plan) -> tuple[Share, ...]:
    """Return how requests are to be sent from now on by a rollout that has come to that end.

    What a step gave no share on purpose stays so. Who was only drained gets the least share that anybody has, and none
    where it has failed or nobody knows how it is there, as long as others serve; the load balancer looks after those
    who do not answer.
    """
    if rollout.state not in _HALF_WAY or plan.router is None:
        return rollout.routing
    drained = _drained(rollout, plan, plan.router.members)
    ill = _ill(rollout, plan.router.members)
    given = [share.weight for share in rollout.routing if share.weight]
    back = drained - ill if given or drained - ill else drained
    weight = min(given, default=_FULL)
    return tuple(Share(one.server, weight) if one.server in back else one for one in rollout.routing)


def _drained(rollout: Rollout, plan: Plan, members: tuple[Member, ...]) -> frozenset[str]:
    """The servers without requests that no step left without on purpose: drained, or passed over as they had failed."""
    begun = rollout.cursor + (in_hand(rollout) is not None)
    taken: set[str] = set()
    idle: set[str] = set()
    for step in plan.steps[:begun]:
        match step:
            case Drain(servers=servers):
                taken |= set(servers) - idle
            case Shift(shares=shares):
                # It says nothing of servers on targets of another sort.
                told = {share.server: share.weight for share in shares}
                idle = (idle - told.keys()) | {server for server, weight in told.items() if not weight}
                taken = (taken - told.keys()) | {server for server, weight in told.items() if weight}
            case _:
                pass
    if rollout.plan != rollout.forward:
        taken |= _of_the_way_back(plan, members)
    elif not isinstance(plan.policy.strategy, BlueGreen) and not plan.unit.slots:
        # Who had none when it began, because an earlier rollout failed there, was to get some in the end.
        taken |= _in_the_end(plan) - idle
    return frozenset(share.server for share in rollout.routing if not share.weight and share.server in taken)


def _of_the_way_back(plan: Plan, members: tuple[Member, ...]) -> set[str]:
    """The servers that a revert would have served in the end; what it did not see on such a side is among them."""
    served = _in_the_end(plan)
    slots = {one.slot for one in members if one.server in served}
    by_label = isinstance(plan.policy.strategy, BlueGreen)
    rest = {one.server for one in members if one.slot in slots and (one.slot or not by_label)}
    return served | rest


def _in_the_end(plan: Plan) -> set[str]:
    return {server for server, weight in in_the_end(plan.steps).items() if weight}


def _ill(rollout: Rollout, members: tuple[Member, ...]) -> frozenset[str]:
    """The servers on targets that have failed with what is new there, or of which nobody knows what is there.

    A target that refused a change is as it was before.
    """
    ill = {one.target for one in rollout.failures if not one.known or one.target in _changed(rollout)}
    return frozenset(one.server for one in members if one.target in ill)


def _changed(rollout: Rollout) -> tuple[str, ...]:
    return rollout.changed if rollout.plan == rollout.forward else (*rollout.changed, *rollout.restored)
