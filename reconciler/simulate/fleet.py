"""Who has which version and how it does: what is on the simulated hosts, told in words of the units."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

from reconciler.model.canonical import digest
from reconciler.model.health import HealthCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Resource
from reconciler.model.traffic import Member
from reconciler.model.unit import Desired, Unit
from reconciler.simulate.routers import SimRouters
from reconciler.simulate.scenario import Illness
from reconciler.simulate.world import SimWorld

NOTHING = "nothing"
MIXED = "parts of several versions"


@dataclass(slots=True)
class Fleet:
    """The units of all commits so far, the newest first, and what ails them."""

    hosts: SimWorld
    seed: int
    units: dict[UnitId, list[Unit]] = field(default_factory=dict)
    ills: list[Illness] = field(default_factory=list)

    def learn(self, desired: Desired) -> None:
        """Know what a commit asks for."""
        for unit in desired.units.values():
            known = self.units.setdefault(unit.id, [])
            if all(each.digest != unit.digest for each in known):
                known.insert(0, unit)

    def version(self, unit: UnitId, target: str, slot: str = "") -> str:
        """Return the version of the unit on the target, or in one slot there."""
        there = {name: one for name, one in self.hosts.state.get(target, {}).items() if name.unit == unit}
        if slot and not any(one.slot == slot for one in there.values()):
            return NOTHING
        for known in self.units.get(unit, ()):
            wanted = [one for one in known.resources if one.id.target == target and _counts(one, slot)]
            if wanted and all(_as_wanted(one, there) for one in wanted):
                return known.version
        return MIXED if there else NOTHING

    def versions(self, unit: Unit) -> Mapping[str, str]:
        """Return the version by target; where it has slots, by target and slot."""
        return {
            f"{target} ({slot})" if slot else target: self.version(unit.id, target, slot)
            for target in unit.targets
            for slot in _slots(unit, target)
        }

    def ails(self, target: str, check: HealthCheck) -> str | None:
        """Return why a check of some unit fails on the target."""
        for unit in self._with(target, check):
            if self._is_ill(unit, target, check.slot):
                return f"HTTP 500 from {unit.id.app} {self.version(unit.id, target, check.slot)}"
        return None

    def whose(self, target: str, check: HealthCheck) -> UnitId | None:
        """Return the unit that the check is of; the first where several have the same."""
        return next((unit.id for unit in self._with(target, check)), None)

    def serves(self, unit: Unit, target: str, slot: str = "") -> bool:
        """Whether the unit answers well on the target."""
        if self.hosts.trouble(target, slot, unit.id) or self._is_ill(unit, target, slot):
            return False
        return self.version(unit.id, target, slot) != NOTHING

    def available(self, unit: Unit, routers: SimRouters) -> int:
        """Return on how many targets the unit answers, and gets requests where there is a router."""
        return sum(
            any(self._gets(unit, target, slot, routers) for slot in _slots(unit, target)) for target in unit.targets
        )

    def share(self, unit: Unit, version: str, routers: SimRouters) -> float:
        """Return how many percent of the requests, or of the targets without a router, the version has."""
        if unit.traffic:
            return routers.share(unit.traffic, lambda one: self.version(unit.id, one.target, one.slot) == version)
        has = sum(self.version(unit.id, target) == version for target in unit.targets)
        return 100 * has / max(1, len(unit.targets))

    def member_serves(self, member: Member) -> bool:
        """Whether what a router sends to answers well."""
        found = (known[0] for known in self.units.values() if known[0].traffic and member in known[0].traffic.members)
        return all(self.serves(unit, member.target, member.slot) for unit in found)

    def _gets(self, unit: Unit, target: str, slot: str, routers: SimRouters) -> bool:
        if not self.serves(unit, target, slot):
            return False
        members = [one for one in unit.traffic.members if one.target == target] if unit.traffic else []
        if unit.traffic is None or not members:
            return True
        members = [one for one in members if one.slot in ("", slot)]
        return any(routers.weight(name, one.server) > 0 for name in unit.traffic.hosts for one in members)

    def _with(self, target: str, check: HealthCheck) -> Iterator[Unit]:
        for known in self.units.values():
            found = next((unit for unit in known if target in unit.targets and check in unit.health), None)
            if found:
                yield found

    def _is_ill(self, unit: Unit, target: str, slot: str) -> bool:
        version = self.version(unit.id, target, slot)
        ill = [one for one in self.ills if (one.app, one.version) == (unit.id.app, version)]
        return bool(ill) and not ill[-1].well and target in self._chosen(unit, ill[-1])

    def _chosen(self, unit: Unit, ill: Illness) -> list[str]:
        order = sorted(unit.targets, key=lambda target: digest([self.seed, target]))
        count = ceil(len(order) * ill.share.value / 100) if ill.share.percent else ill.share.value
        return order[:count]


def _slots(unit: Unit, target: str) -> Collection[str]:
    """The slots on a target; where nothing is in one there is but one place."""
    found = {one.slot for one in unit.resources if one.id.target == target} - {""}
    return [slot for slot in unit.slots if slot in found] or [""]


def _counts(resource: Resource, slot: str) -> bool:
    return resource.slot == slot if slot else True


def _as_wanted(resource: Resource, there: Mapping[ResourceId, Resource]) -> bool:
    found = there.get(resource.id)
    return found is not None and found.attributes == resource.attributes
