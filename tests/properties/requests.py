"""Where requests are sent in a random rollout, and what is against the rules in it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from reconciler.model.plan import Apply, Plan, Shift, Stop
from reconciler.model.rollout import Rollout
from reconciler.model.standing import UnitStanding
from reconciler.model.target import Sort
from reconciler.model.traffic import Member, Router
from reconciler.simulate.routers import SimRouters


def while_changed(target: str, rollout: Rollout, plan: Plan, routers: SimRouters) -> Iterator[str]:
    """Nobody is changed while requests are sent there, as long as anybody else has some of them."""
    router, step = plan.router, plan.steps[rollout.cursor]
    if router is None or plan.parent is None or not isinstance(step, Apply | Stop):
        return  # Before the first deployment nobody has served yet.
    slot = step.slot if isinstance(step, Apply) else ""
    here = {each.target for each in step.targets}
    gone = {each.target for each in (*plan.left_out, *rollout.failures)}
    served = {member for member in router.members if _served(member, router, routers)}
    others = [each for each in served if each.target not in gone and not (each.target in here and _of(each, slot))]
    own = [one.server for one in served if one.target == target and _of(one, slot) and routers.serves(one)]
    if own and others:
        yield f"{', '.join(own)} is changed while requests are sent there, and {others[0].server} could take them"


def at_the_end(router: Router, standing: UnitStanding, routers: SimRouters, sides: Collection[Member]) -> Iterator[str]:
    """The load balancers do what the journal says; ``sides`` are the members."""
    routing = standing.rollout.routing if standing.rollout else standing.routing
    wanted = {share.server: share.weight for share in routing}
    well = {member.server for member in sides if routers.serves(member)}
    for name in router.hosts:
        has = {one.server: routers.weight(name, one.server) for one in router.members}
        wrong = [one for one in wanted if has.get(one) != wanted[one] and (one in well or not wanted[one])]
        if wrong:
            yield f"{name} has {_picked(has, wrong)}, the journal says {_picked(wanted, wrong)}"


def left_alone(
    standing: UnitStanding,
    sides: Mapping[Member, tuple[Sort, str]],
    well: Collection[Member],
    spared: Collection[str],
) -> Iterator[str]:
    """Everybody who is well and on the live side of its sort has requests, but those who are ``spared``."""
    wanted = {share.server: share.weight for share in standing.routing}
    if standing.rollout or not wanted:
        return
    served: Counter[tuple[Sort, str]] = Counter()
    for member, side in sides.items():
        served[side] += wanted.get(member.server, 0)
    live = {max(sorted(each for each in served if each[0] is sort), key=served.__getitem__) for sort, _ in served}
    there = [one.server for one in well if sides[one] in live and one.server not in spared]
    if without := [name for name in there if not wanted.get(name)]:
        yield f"{', '.join(without)} is well and gets no requests: {wanted}"


def _served(member: Member, router: Router, routers: SimRouters) -> bool:
    return any(routers.weight(name, member.server) for name in router.hosts)


def _of(member: Member, slot: str) -> bool:
    return not slot or member.slot in ("", slot)


def _picked(weights: Mapping[str, int], names: list[str]) -> dict[str, int | None]:
    return {name: weights.get(name) for name in sorted(names)}


def spared(standing: UnitStanding, plans: Mapping[str, Plan], router: Router) -> frozenset[str]:
    """The servers that the last rollout left without requests on purpose, or as they had failed with what is new."""
    last = standing.last
    if last is None:
        return frozenset()
    if plans[last.plan].router is None:
        return frozenset(one.server for one in router.members)  # Nothing of it is to be there: it has no requests.
    shifts = [step for step in plans[last.plan].steps if isinstance(step, Shift)]
    out = {one.target for one in plans[last.plan].left_out}
    failed = {one.target for one in last.failures if not one.known or one.target in (*last.changed, *last.restored)}
    on_purpose = {share.server for step in shifts for share in step.shares if not share.weight}
    return frozenset(on_purpose | {one.server for one in router.members if one.target in failed | out})
