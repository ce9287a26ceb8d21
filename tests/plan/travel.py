"""Plans of a fleet as short lines, from a few words about it: for tables of strategies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from reconciler.desired.policy_documents import RolloutPolicySpec
from reconciler.model.change import Action, Cause, Change
from reconciler.model.difference import Differing
from reconciler.model.duration import format_duration
from reconciler.model.event import Condition, HealthChanged
from reconciler.model.health import TcpCheck
from reconciler.model.plan import Apply, Confirm, Drain, LeftOut, Mirror, Plan, Probe, Shift, Step, Stop
from reconciler.model.resource import Absent, Present, Resource, Survey
from reconciler.model.rollout import Rollout, State, TargetFailure
from reconciler.model.standing import UnitStanding
from reconciler.model.step import Bake
from reconciler.model.target import Sort
from reconciler.model.traffic import HaproxyRouter, Member, Share
from reconciler.model.unit import Unit
from reconciler.model.verdict import Snapshot
from reconciler.plan.planner import Material, build
from tests import factory as f

CHECK = TcpCheck(port=80)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fleet and what is done to it.

    ``targets`` maps names to labels; ``changed`` are those with changes (None: all), or ``target/slot``. ``routing`` is
    how requests are sent now. ``sorts`` are those of targets that are no hosts, ``needs`` maps a sort to those that it
    needs. ``routed`` are the targets that get requests (None: all), ``shared`` of their slots have one name on all.
    """

    strategy: Any
    targets: Mapping[str, Mapping[str, str]]
    changed: tuple[str, ...] | None = None
    router: bool = True
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    routed: tuple[str, ...] | None = None
    shared: bool = False
    slots: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    ill: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    routing: Mapping[str, int] = field(default_factory=dict)
    first: bool = False
    cause: Cause = Cause.COMMIT
    revert: str = "available"
    guard: str = "auto"


def case(written: Mapping[str, Any]) -> Case:
    """Return the case of a table's row: ``targets`` may be a number, ``changed`` a text with spaces."""
    row = dict(written)
    targets = row.pop("targets")
    if isinstance(targets, int):
        targets = {f"web-{number}": {} for number in range(1, targets + 1)}
    lists = ("changed", "slots", "away", "ill", "failed", "routed")
    words = {key: tuple(row.pop(key).split()) for key in lists if key in row}
    sorts = {name: Sort(each) for name, each in row.pop("sorts", {}).items()}
    needs = {sort: tuple(each.split()) for sort, each in row.pop("needs", {}).items()}
    cause = Cause(row.pop("cause", "commit"))
    return Case(targets=targets, cause=cause, sorts=sorts, needs=needs, **words, **row)


def plan_of(case: Case) -> Plan:
    """Return the plan for a case."""
    unit = _unit(case)
    targets = {name: replace(f.target(name, _sort(case, name)), labels=labels) for name, labels in case.targets.items()}
    wanted = [each for each in unit.resources if _changes(case, each)]
    material = Material(
        unit=unit,
        cause=case.cause,
        parent=None,
        differing=[
            Differing(
                resource=each, seen=Absent(), change=Change(resource=each.id, action=Action.CREATE, cause=case.cause)
            )
            for each in wanted
            if each.id.target not in case.away
        ],
        left_out=tuple(LeftOut(each, "away") for each in case.away),
        known=known_of(case),
    )
    seen = {each.id: Present({"running": True}) for each in unit.resources}
    return build(material, Survey(seen), {**targets, "lb-1": f.host("lb-1")}, f.KINDS)


def lines(plan: Plan) -> list[str]:
    """Return the plan's steps, a line each."""
    return [_line(step) for step in plan.steps]


def _unit(case: Case) -> Unit:
    slots = case.slots or ("",)
    things = tuple(_resource(case, target, slot) for target in case.targets for slot in slots)
    revert = {"strategy": case.revert}
    said = {"strategy": case.strategy, "revert": revert, "guard": {"mode": case.guard}}
    policy = RolloutPolicySpec.model_validate(said).to_model("p")
    routed = case.targets if case.routed is None else case.routed
    members = tuple(Member(target, _server(case, target, slot), slot) for target in routed for slot in slots)
    sorts = dict.fromkeys(_sort(case, name) for name in case.targets)
    return replace(
        f.unit(*things, policy=policy, health=tuple(replace(CHECK, on=sort) for sort in sorts)),
        targets=tuple(case.targets),
        slots=case.slots,
        traffic=HaproxyRouter(hosts=("lb-1",), backend="shop", members=members) if case.router else None,
    )


def _resource(case: Case, target: str, slot: str) -> Resource:
    sort = _sort(case, target)
    needs = tuple(f"{f.OF_SORT[Sort(each)]}:/{slot or 'app'}" for each in case.needs.get(sort.value, ()))
    return replace(f.of_sort(sort, f"/{slot or 'app'}", target), slot=slot, depends_on=needs)


def _server(case: Case, target: str, slot: str) -> str:
    return slot if case.shared else f"{target}-{slot}" if slot else target


def _sort(case: Case, target: str) -> Sort:
    return case.sorts.get(target, Sort.HOST)


def _changes(case: Case, resource: Any) -> bool:
    named = {resource.id.target, f"{resource.id.target}/{resource.slot}"}
    return case.changed is None or not named.isdisjoint(case.changed)


def known_of(case: Case) -> UnitStanding:
    """Return what the journal knows of a case's unit."""
    unit = _unit(case)
    ill = partial(HealthChanged, unit=unit.id, condition=Condition.UNHEALTHY, detail="", since=f.NOW)
    failures = tuple(TargetFailure(target=each, batch=1, reason="it broke") for each in case.failed)
    routing = tuple(Share(server, weight) for server, weight in case.routing.items())
    rollout = Rollout(
        id="r", unit=unit.id, cause=Cause.COMMIT, commit="c", version="2", digest="d", state=State.REVERT_NEEDED,
        forward="p", plan="p", started_at=f.NOW, updated_at=f.NOW, failures=failures, routing=routing,
    )  # fmt: skip
    return UnitStanding(
        unit=unit.id,
        rollout=rollout if case.cause is Cause.REVERT else None,
        last_good=None if case.first else Snapshot(unit, f.NOW),
        routing=routing,
        health={name: ill(target=name) for name in case.ill},
    )


def _line(step: Step) -> str:
    return f"{step.step.replace('_', ' ')} {_what(step)}".strip()


def _what(step: Step) -> str:
    match step:
        case Apply(targets=targets) | Stop(targets=targets):
            slot = f" in {step.slot}" if isinstance(step, Apply) and step.slot else ""
            return _names(each.target for each in targets) + slot
        case Probe(targets=names) | Confirm(targets=names) | Drain(servers=names):
            return _names(names)
        case Shift(shares=shares):
            return _names(f"{each.server}={each.weight}" for each in shares)
        case Mirror(servers=servers, percent=percent):
            return f"{percent}% to {_names(servers)}"
        case Bake(duration=duration):
            return format_duration(duration)
        case _:
            return ""


def _names(names: Iterable[str]) -> str:
    return " ".join(names)
