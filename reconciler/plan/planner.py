"""(the state to hold to, what differs, policy) → plan. Pure: the same world gives the same plan, with the same id."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import assert_never

from reconciler.model.analysis import Analysis
from reconciler.model.canonical import Digest, digest, plain
from reconciler.model.change import LEAVING, Cause
from reconciler.model.difference import Differing, Orphan
from reconciler.model.identity import ResourceId
from reconciler.model.plan import Apply, Plan, Probe, Step, TargetChanges
from reconciler.model.policy import Canary, Progressive, Recreate, Rolling, Strategy
from reconciler.model.resource import Observation, Present, Resource, Survey
from reconciler.model.step import Analyse
from reconciler.model.target import Target
from reconciler.model.unit import Unit
from reconciler.plan.material import Material as Material
from reconciler.plan.muster import muster
from reconciler.plan.roster import Roster, names
from reconciler.plan.stopping import stopped
from reconciler.plan.strategies import catalog, revert
from reconciler.plan.strategies.progressive import rings
from reconciler.plan.strategies.repeats import without_repeats
from reconciler.plan.target import slot_changes, target_changes
from reconciler.policy.availability import may_be_down
from reconciler.policy.drift import alike, healing_strategy
from reconciler.policy.guarded import guarded
from reconciler.ports.kind import Kind

_COMPARABLE = 2
_NAMED = 4
"""So many targets it takes to compare some with others."""


def build(material: Material, survey: Survey, hosts: Mapping[str, Target], kinds: Mapping[str, Kind]) -> Plan:
    """Return the plan; one without changes only asks whether the unit is healthy. Raises plan.order.Cycle."""
    unit, strategy = material.unit, _strategy(material)
    material, stops = _stopped(material, strategy, survey, kinds)
    parts = _by_target(material, kinds)
    roster = replace(muster(material, parts, survey, hosts), stops=stops)
    used = sorted({*_reachable(material), *parts})
    router = unit.traffic if roster.balance else None
    steps = tuple(without_repeats(_steps(material, strategy, roster)))
    # Only what comes up in a slot takes nothing out of service: a first deployment and a heal have no such place.
    beside = any(isinstance(step, Apply) and step.slot for step in steps)
    plan = Plan(
        id="",
        unit=unit,
        cause=material.cause,
        parent=material.parent,
        observation=observed(survey, _looked_at(material)),
        targets=tuple(hosts[target] for target in used),
        steps=steps,
        left_out=material.left_out,
        kept=material.kept,
        fences={target: ground.fence for target in used if (ground := survey.grounds.get(target)) and ground.fence},
        router=router,
        balancers=tuple(hosts[each] for each in router.hosts) if router else (),
        background=_background(material, roster),
        may_be_down=may_be_down(unit.policy.strategy, len(unit.targets), slots=beside),
        notes=(*_notes(unit, strategy, roster), *_rings(material.cause, strategy, roster)),
    )
    return identified(plan)


def identified(plan: Plan) -> Plan:
    """Return the plan with its id, which follows from all else that is in it."""
    return replace(plan, id=digest(plain(plan)).removeprefix("sha256:")[:16])


def _steps(material: Material, strategy: Strategy, roster: Roster) -> Iterator[Step]:
    if roster.targets and material.cause is Cause.REVERT:
        yield from revert.steps(material.unit.policy, roster)
    elif roster.targets:
        yield from catalog.steps(strategy, roster)
    elif material.cause is Cause.REVERT:
        yield from roster.at_rest("as before")
    elif reachable := _reachable(material):
        yield from (Probe(1, reachable, material.unit.health),) if material.unit.health else ()


def _reachable(material: Material) -> tuple[str, ...]:
    out = {each.target for each in material.left_out}
    return tuple(target for target in material.unit.targets if target not in out)


def _background(material: Material, roster: Roster) -> tuple[Analysis, ...]:
    """Analyses go on during what is new: a heal and a revert bring what was good already."""
    if material.cause is not Cause.COMMIT or not roster.targets or roster.first:
        return ()
    new = frozenset(names(roster.targets))
    wait = Analyse(material.unit.policy.background)
    found = roster.compared(wait, roster.servers(new), roster.servers(roster.reach - new))
    return found.analyses if isinstance(found, Analyse) else ()


def _notes(unit: Unit, strategy: Strategy, roster: Roster) -> Iterator[str]:
    """Say what a reader of the steps may not see."""
    if roster.stops:
        several = f"all {len(roster.stops)} targets" if len(roster.stops) > 1 else roster.stops[0].target
        yield f"{unit.id.app} is down on {several} from its stop until it is healthy again (strategy recreate)"
    if isinstance(strategy, Rolling) and strategy.max_surge and not unit.slots:
        yield f"maxSurge {strategy.max_surge} has no effect: without slots there is no place on a host for one more"
    if isinstance(strategy, Canary) and not roster.first and len(roster.reach) < _COMPARABLE:
        yield "the steps of the canary are skipped: on one target there is nothing to compare with"


def _rings(cause: Cause, strategy: Strategy, roster: Roster) -> Iterator[str]:
    if isinstance(strategy, Progressive) and cause is Cause.COMMIT and roster.targets:
        told = (_ring(number, names(targets)) for number, (_, targets) in enumerate(rings(strategy, roster), start=1))
        yield f"rings: {'; '.join(told)}"


def _ring(number: int, targets: Sequence[str]) -> str:
    named = targets if len(targets) <= _NAMED else targets[: _NAMED - 1]
    more = f" and {len(targets) - len(named)} more" if len(named) < len(targets) else ""
    return f"{number} is {', '.join(named)}{more}"


def _stopped(
    material: Material, strategy: Strategy, survey: Survey, kinds: Mapping[str, Kind]
) -> tuple[Material, tuple[TargetChanges, ...]]:
    if not isinstance(strategy, Recreate):
        return material, ()
    found = stopped(material.unit.resources, material.differing, material.delete, survey, kinds)
    return replace(material, differing=found.differing), found.stops


def _strategy(material: Material) -> Strategy:
    policy = material.unit.policy
    match material.cause:
        case Cause.DRIFT:
            hosts = len(material.unit.targets)
            return healing_strategy(policy, hosts, alike(material.differing, hosts))
        case Cause.COMMIT | Cause.REVERT:
            return policy.strategy
        case _:
            assert_never(material.cause)


def observed(survey: Survey, resources: Iterable[ResourceId]) -> Digest:
    """Return the digest of what was seen of the resources: it changes when the world does."""
    return digest({str(each): plain(_without_status(survey.of(each))) for each in sorted(set(resources))})


def _without_status(seen: Observation) -> Observation:
    return replace(seen, status={}) if isinstance(seen, Present) and seen.status else seen


def _looked_at(material: Material) -> Iterable[ResourceId]:
    return chain(
        (resource.id for resource in material.unit.resources), (each.owned.resource.id for each in material.delete)
    )


def _by_target(material: Material, kinds: Mapping[str, Kind]) -> Mapping[str, Mapping[str, TargetChanges]]:
    """Return the changes by target and slot; where the unit has no slots, all of a target's in one."""
    differing: dict[str, list[Differing]] = defaultdict(list)
    orphans: dict[str, list[Orphan]] = defaultdict(list)
    resources: dict[str, list[Resource]] = defaultdict(list)
    for each in material.differing:
        differing[each.resource.id.target].append(each)
    for orphan in material.delete:
        orphans[orphan.owned.resource.id.target].append(orphan)
    for resource in material.unit.resources:
        resources[resource.id.target].append(resource)
    made: dict[str, Mapping[str, TargetChanges]] = {}
    for target in sorted({*differing, *orphans}):
        here = (target, resources[target], differing[target], orphans[target], kinds)
        found = slot_changes(*here) if material.unit.slots else {"": target_changes(*here)}
        told = {slot: _taken_back(each, material.cause) for slot, each in found.items()}
        made[target] = {slot: guarded(each, material.unit, orphans[target]) for slot, each in told.items()}
    return made


def _taken_back(changes: TargetChanges, cause: Cause) -> TargetChanges:
    """What a revert takes away goes because of the revert."""
    if cause is not Cause.REVERT:
        return changes
    caused = (replace(each, cause=Cause.REVERT) if each.action in LEAVING else each for each in changes.changes)
    return replace(changes, changes=tuple(caused))
