"""Requests of a unit at rest that somebody, or a load balancer that was started anew, sends elsewhere. Pure."""

from reconciler.model.canonical import digest, plain
from reconciler.model.change import Cause
from reconciler.model.plan import LeftOut, Plan, Shift
from reconciler.model.resource import Unknown
from reconciler.model.unit import Unit
from reconciler.plan.planner import identified
from reconciler.plan.situation import Situation
from reconciler.policy.routing import Astray, astray, at_rest


def strayed(unit: Unit, situation: Situation) -> tuple[Astray, ...]:
    """Return where the unit's requests are sent otherwise than they shall be at rest."""
    routes = situation.survey.routes.get(unit.id)
    if unit.traffic is None or routes is None:
        return ()
    return astray(unit.traffic, at_rest(unit.traffic, situation.standing.of(unit.id).routing), routes)


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
    known, hosts = situation.standing.of(unit.id), situation.desired.hosts
    if not all(name in hosts for name in unit.traffic.hosts):
        return None
    shift = Shift(at_rest(unit.traffic, known.routing), note=_note(found))
    return identified(
        Plan(
            id="",
            unit=unit,
            cause=Cause.DRIFT,
            parent=known.last_good.unit.digest if known.last_good else None,
            observation=digest([plain(each) for each in found]),
            hosts=(),
            steps=(shift,),
            router=unit.traffic,
            balancers=tuple(hosts[name] for name in unit.traffic.hosts),
        )
    )


def _note(found: tuple[Astray, ...]) -> str:
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"as before: {found[0].in_words}{more}"
