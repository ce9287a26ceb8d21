"""One tier of a plan: how what has to be done on the targets of one sort travels. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from reconciler.model.change import LEAVING, Cause
from reconciler.model.difference import Differing, Orphan
from reconciler.model.plan import Apply, Probe, Step, TargetChanges, Tier
from reconciler.model.policy import Recreate, Strategy
from reconciler.model.resource import Resource, Survey
from reconciler.model.target import Sort, Target, all_or_nothing
from reconciler.plan.material import Material
from reconciler.plan.muster import muster
from reconciler.plan.roster import Roster
from reconciler.plan.stopping import stopped
from reconciler.plan.strategies import catalog, revert
from reconciler.plan.target import slot_changes, target_changes
from reconciler.plan.tiers import Part
from reconciler.policy.availability import may_be_down
from reconciler.policy.drift import alike, healing_strategy, spread
from reconciler.policy.guarded import guarded
from reconciler.ports.kind import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A tier with all that its strategy goes by."""

    sort: Sort
    material: Material
    strategy: Strategy
    roster: Roster

    @property
    def reachable(self) -> tuple[str, ...]:
        """The unit's targets of the tier that can be seen."""
        out = {each.target for each in self.material.left_out}
        return tuple(target for target in self.material.unit.targets if target not in out)

    @property
    def used(self) -> frozenset[str]:
        """The targets that steps may speak of."""
        return frozenset((*self.reachable, *(each.target for each in self.roster.targets)))

    def steps(self) -> Iterator[Step]:
        """Yield how the changes travel, or, on the way back, that requests are sent as before."""
        if self.material.cause is Cause.REVERT:
            back = revert.steps(self.material.unit.policy, self.roster)
            yield from back if self.roster.targets else self.roster.at_rest("as before")
        elif self.roster.targets:
            yield from catalog.steps(self.strategy, self.roster)

    def question(self) -> Iterator[Step]:
        """Yield whether what nothing is changed on is healthy."""
        if self.reachable and self.material.unit.health:
            yield Probe(1, self.reachable, self.material.unit.health)

    def tier(self, steps: tuple[Step, ...]) -> Tier:
        """Return how many targets may be out of service while these steps, the leg's own, are done."""
        # Only what comes up in a slot takes nothing out of service: a first deployment and a heal have no such place.
        beside = any(isinstance(step, Apply) and step.slot for step in steps)
        unit = self.material.unit
        most = may_be_down(unit.policy.strategy, len(unit.targets), slots=beside)
        return Tier(sort=self.sort, targets=unit.targets, may_be_down=most)


def leg(part: Part, survey: Survey, targets: Mapping[str, Target], kinds: Mapping[str, Kind]) -> Leg:
    """Return the leg of one tier. Raises plan.order.Cycle."""
    strategy = _strategy(part.material)
    material, stops = _stopped(part.material, strategy, survey, kinds)
    roster = muster(material, _by_target(material, targets, kinds), survey, targets)
    return Leg(sort=part.sort, material=material, strategy=strategy, roster=replace(roster, stops=stops))


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
            found = alike(material.differing, spread(material.unit.resources))
            return healing_strategy(policy, len(material.unit.targets), found)
        case Cause.COMMIT | Cause.REVERT:
            return policy.strategy
        case _:
            assert_never(material.cause)


def _by_target(
    material: Material, targets: Mapping[str, Target], kinds: Mapping[str, Kind]
) -> Mapping[str, Mapping[str, TargetChanges]]:
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
        if all_or_nothing(targets[target]):
            # Nothing but a host can take a change back by itself.
            told = {slot: guarded(each, material.unit, orphans[target]) for slot, each in told.items()}
        made[target] = told
    return made


def _taken_back(changes: TargetChanges, cause: Cause) -> TargetChanges:
    """What a revert takes away goes because of the revert."""
    if cause is not Cause.REVERT:
        return changes
    caused = (replace(each, cause=Cause.REVERT) if each.action in LEAVING else each for each in changes.changes)
    return replace(changes, changes=tuple(caused))
