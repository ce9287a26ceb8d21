"""Requests of a unit at rest that somebody, or a load balancer that was started anew, sends elsewhere. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.canonical import digest, plain
from reconciler.model.change import Cause
from reconciler.model.event import Condition
from reconciler.model.plan import LeftOut, Plan, Probe, Shift
from reconciler.model.resource import Unknown
from reconciler.model.rollout import State
from reconciler.model.standing import UnitStanding
from reconciler.model.target import Target
from reconciler.model.traffic import Member, Router, Share
from reconciler.model.unit import Unit
from reconciler.plan.balance import FULL
from reconciler.plan.planner import identified
from reconciler.plan.sides import live_side, sort
from reconciler.plan.situation import Situation
from reconciler.plan.tiers import by_sort
from reconciler.policy.holding import holding
from reconciler.policy.routing import Astray, astray, at_rest


def strayed(unit: Unit, situation: Situation) -> tuple[Astray, ...]:
    """Return where the unit's requests are sent otherwise than they shall be at rest."""
    routes = situation.survey.routes.get(unit.id)
    if unit.traffic is None or routes is None:
        return ()
    return astray(unit.traffic, _shares(unit, unit.traffic, situation), routes)


def unseen(unit: Unit, situation: Situation) -> tuple[LeftOut, ...]:
    """Return the load balancers that do not say how they send the unit's requests, and why."""
    routes = situation.survey.routes.get(unit.id)
    if unit.traffic is None or not isinstance(routes, Unknown):
        return ()
    named = tuple(name for name in unit.traffic.hosts if name in routes.reason) or unit.traffic.hosts
    return tuple(LeftOut(name, routes.reason) for name in named)


def rerouted(unit: Unit, situation: Situation) -> Plan | None:
    """Return the plan that sends the requests as they shall be, None where they are."""
    found = strayed(unit, situation)
    if not found or unit.traffic is None:
        return None
    known, hosts = situation.standing.of(unit.id), situation.desired.targets
    if not all(name in hosts for name in unit.traffic.hosts):
        return None
    shares = _shares(unit, unit.traffic, situation)
    back = _back(unit.traffic, shares, known.routing)
    probes = tuple(_probes(unit, back, hosts))
    asked = sorted(target for probe in probes for target in probe.targets)
    return identified(
        Plan(
            id="",
            unit=unit,
            cause=Cause.DRIFT,
            parent=known.last_good.unit.digest if known.last_good else None,
            observation=digest([plain(each) for each in found]),
            targets=tuple(hosts[target] for target in asked),
            steps=(*probes, Shift(shares, note=_note(found))),
            router=unit.traffic,
            balancers=tuple(hosts[name] for name in unit.traffic.hosts),
        )
    )


def _shares(unit: Unit, router: Router, situation: Situation) -> tuple[Share, ...]:
    """Return how requests shall be sent at rest: as was decided last, but nobody is forgotten who was taken off.

    A rollout that ended half-way may have left a server without requests, or with a part of them. Once everything is as
    it shall be, all that are live get the same again, but for those that cannot be seen or do not do well.
    """
    known, diff = situation.standing.of(unit.id), situation.diff(unit.id)
    shares = at_rest(router, known.routing)
    if diff.differing or known.rollout or holding(unit, known).unit is None:
        return shares
    live = _live(unit, router, shares, situation.desired.targets)
    targets = {member.server: member.target for member in router.members}
    left = {each.target for each in (*diff.unseen, *diff.conflicts)} | _unwell(known)
    return tuple(
        share if targets[share.server] in left else Share(share.server, FULL if share.server in live else 0)
        for share in shares
    )


def _live(unit: Unit, router: Router, shares: Sequence[Share], targets: Mapping[str, Target]) -> frozenset[str]:
    """The servers of the sides that are live; each sort of targets has sides of its own."""
    weights = {share.server: share.weight for share in shares}
    live: set[str] = set()
    parts = by_sort(unit, targets)
    for part in parts:
        here = {*part.targets}
        members = tuple(each for each in router.members if len(parts) == 1 or each.target in here)
        found = sort(part.policy.strategy, part, members, targets)
        live |= found.of(live_side(found, weights))
    return frozenset(live)


def _unwell(known: UnitStanding) -> set[str]:
    """The targets that do badly, and those that failed in a rollout that went on without them and are no better yet."""
    ended_well = known.last is not None and known.last.state in (State.SUCCEEDED, State.REVERTED)
    failed = {failure.target for failure in known.last.failures} if known.last and ended_well else set()
    well = {name for name, told in known.health.items() if told.condition is Condition.HEALTHY}
    return (failed | set(known.health)) - well


def _back(router: Router, shares: tuple[Share, ...], decided: tuple[Share, ...]) -> tuple[Member, ...]:
    """The members that get requests again and had none: they have to be healthy first."""
    none = {share.server for share in decided if not share.weight}
    again = {share.server for share in shares if share.weight} & none
    return tuple(member for member in router.members if member.server in again)


def _probes(unit: Unit, back: Sequence[Member], targets: Mapping[str, Target]) -> Iterator[Probe]:
    """Yield what is asked of those who get requests again, sort by sort."""
    slots = {"", *(member.slot for member in back)}
    names = sorted({member.target for member in back if member.target in targets})
    for number, of in enumerate(dict.fromkeys(targets[name].sort for name in names), start=1):
        checks = tuple(check for check in unit.health if check.slot in slots and check.on is of)
        if checks:
            yield Probe(number, tuple(name for name in names if targets[name].sort is of), checks)


def _note(found: tuple[Astray, ...]) -> str:
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"as before: {found[0].in_words}{more}"
