"""Whether a policy's strategy can be carried out for a unit it governs; what cannot is a mistake of the commit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.desired.fleet import Fleet
from reconciler.desired.words import Path
from reconciler.model.policy import BlueGreen, Canary, MirrorTo, Progressive, Rolling, Strategy
from reconciler.model.problem import Problem
from reconciler.model.target import Target
from reconciler.model.traffic import ServiceRouter
from reconciler.model.unit import Unit

_TWO = 2
_ALL = 100


@dataclass(frozen=True, slots=True)
class _Misfit:
    path: Path
    message: str
    hint: str | None = None


def misfits(unit: Unit, targets: Sequence[Target], fleet: Fleet) -> Iterator[Problem]:
    """Yield why the strategy of the unit's policy cannot be its own, at the place in the policy."""
    policy = fleet.policies.get(unit.policy.name)
    if policy is None:
        return
    labels = {host.name: host.labels for host in targets}
    for each in _of(unit.policy.strategy, unit, labels, fleet):
        yield policy.document.problem(("spec", "strategy", *each.path), f"{unit.id}: {each.message}", each.hint)


def _of(strategy: Strategy, unit: Unit, labels: Mapping[str, Mapping[str, str]], fleet: Fleet) -> Iterator[_Misfit]:
    match strategy:
        case Rolling():
            yield from _ordered(strategy, ("rolling",), labels)
        case Canary():
            yield from _canary(strategy, unit)
            yield from _ordered(strategy.rest, ("canary", "rest"), labels)
        case BlueGreen():
            yield from _blue_green(strategy, unit, labels)
        case Progressive():
            yield from _rings(strategy, unit, labels, fleet)
        case _:
            return


def _ordered(rolling: Rolling, path: Path, labels: Mapping[str, Mapping[str, str]]) -> Iterator[_Misfit]:
    if rolling.order_by and not any(rolling.order_by in each for each in labels.values()):
        yield _Misfit((*path, "orderBy"), f"none of its targets has the label '{rolling.order_by}'")


_NO_WEIGHTS = "its Service sends all requests to one slot"
_WEIGHTS = "a router with weights (httpRoute, replicas), or blueGreen without shift"


def _canary(strategy: Canary, unit: Unit) -> Iterator[_Misfit]:
    if isinstance(unit.traffic, ServiceRouter):
        yield _Misfit(("canary",), f"a canary needs a part of the requests, and {_NO_WEIGHTS}", _WEIGHTS)
        return
    for index, step in enumerate(strategy.steps):
        if isinstance(step, MirrorTo) and unit.traffic is None:
            message = "copies of requests need a router that sends them, and the app has no 'traffic'"
            yield _Misfit(("canary", "steps", index, "mirror"), message)


def _blue_green(strategy: BlueGreen, unit: Unit, labels: Mapping[str, Mapping[str, str]]) -> Iterator[_Misfit]:
    path, label = ("blueGreen",), strategy.side_label
    if unit.traffic is None:
        yield _Misfit(path, "there are no requests to switch from side to side: the app has no 'traffic'")
    if isinstance(unit.traffic, ServiceRouter) and any(0 < each.percent < _ALL for each in strategy.shift):
        yield _Misfit((*path, "shift"), f"a portion needs a part of the requests, and {_NO_WEIGHTS}", _WEIGHTS)
    if unit.slots:
        return
    without = sorted(name for name, its in labels.items() if label not in its)
    sides = sorted({its[label] for its in labels.values() if label in its})
    if without:
        message = f"the app has no slots, and {without[0]} has no label '{label}' that says which side it is on"
        yield _Misfit(path, message, "give the App two slots, or its targets that label with two values")
    elif len(sides) != _TWO:
        message = f"there have to be two sides, and the label '{label}' of its targets has {len(sides)} values"
        yield _Misfit(path, f"{message} ({', '.join(sides)})")


def _rings(
    strategy: Progressive, unit: Unit, labels: Mapping[str, Mapping[str, str]], fleet: Fleet
) -> Iterator[_Misfit]:
    for index, ring in enumerate(strategy.rings):
        path: Path = ("progressive", "rings", index)
        if isinstance(ring.strategy, Rolling):
            yield from _ordered(ring.strategy, (*path, "strategy", "rolling"), labels)
        wanted = dict(ring.labels)
        if wanted and not any(wanted.items() <= its.items() for its in labels.values()):
            named = ", ".join(f"{name}: {value}" for name, value in ring.labels)
            yield _Misfit(path, f"no target can be in this ring: none has {named}")
        other = ring.environment
        app = fleet.apps.get(unit.id.app)
        if other and app and other not in app.spec.environments:
            yield _Misfit((*path, "environment"), f"{unit.id.app} is not in the environment '{other}'")
