"""(the state to hold to, what differs, policy) → plan. Pure: the same world gives the same plan, with the same id."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import assert_never

from reconciler.model.canonical import Digest, digest, plain
from reconciler.model.change import LEAVING, Cause
from reconciler.model.difference import Differing, Orphan
from reconciler.model.identity import ResourceId
from reconciler.model.plan import LeftOut, Plan, Probe, Step, TargetChanges
from reconciler.model.policy import AllAtOnce, Strategy
from reconciler.model.resource import Resource, Survey
from reconciler.model.target import Host
from reconciler.model.unit import Unit
from reconciler.plan.strategies import catalog
from reconciler.plan.target import target_changes
from reconciler.policy.drift import alike, healing_strategy
from reconciler.ports.kind import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What one plan is made of: the state to reach, what is mended, what is taken away, and what cannot be touched."""

    unit: Unit
    cause: Cause
    parent: Digest | None
    differing: Sequence[Differing]
    delete: Sequence[Orphan] = ()
    kept: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def build(material: Material, survey: Survey, hosts: Mapping[str, Host], kinds: Mapping[str, Kind]) -> Plan:
    """Return the plan; one without changes only asks whether the unit is healthy. Raises plan.order.Cycle."""
    unit = material.unit
    out = {each.target for each in material.left_out}
    reachable = tuple(target for target in unit.targets if target not in out)
    changes, strategy = _by_target(material, kinds), _strategy(material)
    steps = tuple(catalog.steps(strategy, changes, unit.health)) if changes else _only_health(unit, reachable)
    used = sorted({*reachable, *(each.target for each in changes)})
    plan = Plan(
        id="",
        unit=unit,
        cause=material.cause,
        parent=material.parent,
        observation=observed(survey, _looked_at(material)),
        hosts=tuple(hosts[target] for target in used),
        steps=steps,
        left_out=material.left_out,
        kept=material.kept,
        fences={target: ground.fence for target in used if (ground := survey.grounds.get(target)) and ground.fence},
    )
    return replace(plan, id=digest(plain(plan)).removeprefix("sha256:")[:16])


def _strategy(material: Material) -> Strategy:
    policy = material.unit.policy
    match material.cause:
        case Cause.REVERT:
            return AllAtOnce()
        case Cause.DRIFT:
            hosts = len(material.unit.targets)
            return healing_strategy(policy, hosts, alike(material.differing, hosts))
        case Cause.COMMIT:
            return policy.strategy
        case _:
            assert_never(material.cause)


def observed(survey: Survey, resources: Iterable[ResourceId]) -> Digest:
    """Return the digest of what was seen of the resources: it changes when the world does."""
    return digest({str(each): plain(survey.of(each)) for each in sorted(set(resources))})


def _only_health(unit: Unit, targets: tuple[str, ...]) -> tuple[Step, ...]:
    return (Probe(1, targets, unit.health),) if unit.health and targets else ()


def _looked_at(material: Material) -> Iterable[ResourceId]:
    return chain(
        (resource.id for resource in material.unit.resources), (each.owned.resource.id for each in material.delete)
    )


def _by_target(material: Material, kinds: Mapping[str, Kind]) -> tuple[TargetChanges, ...]:
    differing: dict[str, list[Differing]] = defaultdict(list)
    orphans: dict[str, list[Orphan]] = defaultdict(list)
    resources: dict[str, list[Resource]] = defaultdict(list)
    for each in material.differing:
        differing[each.resource.id.target].append(each)
    for orphan in material.delete:
        orphans[orphan.owned.resource.id.target].append(orphan)
    for resource in material.unit.resources:
        resources[resource.id.target].append(resource)
    made = (
        target_changes(target, resources[target], differing[target], orphans[target], kinds)
        for target in sorted({*differing, *orphans})
    )
    return tuple(_taken_back(each) for each in made) if material.cause is Cause.REVERT else tuple(made)


def _taken_back(changes: TargetChanges) -> TargetChanges:
    """What a revert takes away goes because of the revert."""
    caused = (replace(each, cause=Cause.REVERT) if each.action in LEAVING else each for each in changes.changes)
    return replace(changes, changes=tuple(caused))
