"""The roster of a plan, gathered from what the unit asks for, what was seen, and what the journal knows. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from reconciler.model.canonical import Digest
from reconciler.model.change import Cause
from reconciler.model.event import Condition
from reconciler.model.identity import ResourceId
from reconciler.model.plan import TargetChanges
from reconciler.model.resource import Survey, Unknown
from reconciler.model.standing import UnitStanding
from reconciler.model.target import Target
from reconciler.model.traffic import Member, Router
from reconciler.model.unit import Unit
from reconciler.plan.balance import FULL, Balance
from reconciler.plan.material import Material
from reconciler.plan.roster import Roster
from reconciler.plan.sides import both, joined, live_side, sort
from reconciler.policy.removal import GONE


def muster(
    material: Material,
    parts: Mapping[str, Mapping[str, TargetChanges]],
    survey: Survey,
    hosts: Mapping[str, Target],
) -> Roster:
    """Return the roster. ``parts`` are the changes by target and slot; all of a target's together are one change."""
    unit, known = material.unit, material.known
    out = {each.target for each in material.left_out}
    reach = frozenset(unit.targets) - out | frozenset(parts)
    unhealthy = frozenset(each for each in reach if _unhealthy(each, known))
    router = unit.traffic if unit.digest != GONE else None
    in_use = reach - (unhealthy - frozenset(parts))
    members = tuple(each for each in router.members if each.target in in_use) if router else ()
    found = sort(unit.policy.strategy, unit, members, hosts)
    weights = _weights(material, survey)
    live = live_side(found, weights)
    sides = both(found, live, parts, material.cause) if material.cause is not Cause.DRIFT else None
    if members and sides and not all(side.servers for side in sides):
        sides = None  # One of them cannot be seen at all: there is nothing to switch to.
    at_rest = sides[1].name if sides and material.cause is Cause.REVERT else live
    serving = frozenset(each.server for each in members if weights.get(each.server))
    balance = None
    if router and (rest := found.of(at_rest) or _instead(router, members, weights)):
        balance = Balance(members=members, serving=serving, live=rest, within=router.drain_within)
    return Roster(
        targets=tuple(joined(tuple(each.values())) for each in parts.values()),
        reach=reach,
        size=len(unit.targets),
        checks=unit.health,
        labels={each: hosts[each].labels for each in reach if each in hosts},
        down=frozenset(out & {*unit.targets}) | unhealthy,
        unhealthy=unhealthy,
        astray=reach.intersection(_astray(unit, known)) if material.cause is Cause.COMMIT else frozenset(),
        failed=_failed(known),
        sides=sides,
        slots=unit.slots,
        balance=balance,
        first=known is not None and known.last_good is None,
    )


def _instead(router: Router, members: Sequence[Member], weights: Mapping[str, int]) -> frozenset[str]:
    """The servers in reach that take the place of a side of which none is; none while others get the requests."""
    servers = frozenset(each.server for each in members)
    elsewhere = any(weights.get(each.server) for each in router.members if each not in members)
    return frozenset() if elsewhere and not any(weights.get(each) for each in servers) else servers


def _weights(material: Material, survey: Survey) -> Mapping[str, int]:
    """Return the weight of each server now: what was decided last, and what load balancers say of all others.

    Where nobody says, all serve, or the first of two sides does; before the first deployment nobody does.
    """
    known, unit = material.known, material.unit
    rollout = known.rollout if known else None
    routes = survey.routes.get(unit.id)
    told = routes.values() if routes is not None and not isinstance(routes, Unknown) else ()
    seen = {route.server: route.weight for each in told for route in each if route.serving}
    if decided := (rollout.routing if rollout else ()) or (known.routing if known else ()):
        return {**seen, **{share.server: share.weight for share in decided}}
    if told:
        return seen
    if unit.traffic is None or (known is not None and known.last_good is None):
        return {}
    first = min(unit.slots, default="")
    return {each.server: FULL for each in unit.traffic.members if each.slot in ("", first)}


def _unhealthy(target: str, known: UnitStanding | None) -> bool:
    found = known.health.get(target) if known else None
    return found is not None and found.condition is Condition.UNHEALTHY


def _astray(unit: Unit, known: UnitStanding | None) -> Iterator[str]:
    """The targets on which something is neither as it was when all was good, nor as it shall be."""
    good = known.last_good.unit if known and known.last_good else None
    if known is None or good is None:
        return
    fine: dict[ResourceId, set[Digest]] = defaultdict(set)
    for resource in (*good.resources, *unit.resources):
        fine[resource.id].add(resource.digest)
    for each, owned in known.owned.items():
        if each in fine and owned.resource.digest not in fine[each]:
            yield each.target


def _failed(known: UnitStanding | None) -> Collection[str]:
    rollout = (known.rollout or known.last) if known else None
    return tuple(each.target for each in rollout.failures) if rollout else ()
