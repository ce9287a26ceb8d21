"""The two sides of an app: which one serves, and what has to be done on each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.change import Cause
from reconciler.model.plan import TargetChanges
from reconciler.model.policy import BlueGreen, Strategy
from reconciler.model.target import Target
from reconciler.model.traffic import Member
from reconciler.model.unit import Unit
from reconciler.plan.roster import Side
from reconciler.plan.target import LEAVES


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Which side each server and each target is on, by name. ``names`` are the sides, none where there is but one."""

    names: tuple[str, ...] = ()
    servers: Mapping[str, str]
    targets: Mapping[str, str]

    def of(self, side: str) -> frozenset[str]:
        """Return the servers of a side."""
        return frozenset(server for server, its in self.servers.items() if its == side)


def sort(strategy: Strategy, unit: Unit, members: Sequence[Member], hosts: Mapping[str, Target]) -> Sorted:
    """Return the sides of a unit: its slots, or its targets by the label that the strategy names."""
    if unit.slots:
        return Sorted(names=tuple(sorted(unit.slots)), servers={each.server: each.slot for each in members}, targets={})
    if not isinstance(strategy, BlueGreen):
        return Sorted(servers={each.server: "" for each in members}, targets={})
    label = strategy.side_label
    targets = {each: hosts[each].labels.get(label, "") for each in unit.targets if each in hosts}
    names = tuple(sorted({each for each in targets.values() if each}))
    if len(names) != len(("idle", "live")):
        # With fewer or more of them there is nothing to switch between: all servers serve.
        return Sorted(servers={each.server: "" for each in members}, targets={})
    servers = {each.server: targets.get(each.target, "") for each in members}
    return Sorted(names=names, servers=servers, targets=targets)


def live_side(found: Sorted, weights: Mapping[str, int]) -> str:
    """Return the side that most requests go to; the first by name where nobody has said yet."""
    return max(found.names, key=lambda side: sum(weights.get(each, 0) for each in found.of(side)), default="")


def both(
    found: Sorted, live: str, parts: Mapping[str, Mapping[str, TargetChanges]], cause: Cause
) -> tuple[Side, Side] | None:
    """Return the side to begin with and the one after it. ``parts`` are the changes by target and slot.

    A rollout begins with the idle side. A revert ends at the side with the fewest changes, on a tie at the idle one,
    which can be put back unnoticed: it comes last in the pair.
    """
    if len(found.names) != len(("idle", "live")):
        return None
    idle = next(each for each in found.names if each != live)
    changed = {side: _changed(found, side, parts) for side in found.names}
    if cause is not Cause.REVERT:
        takes = _Taking(begins=idle, ends=live if changed[live] else idle)
        return _side(found, idle, parts, takes), _side(found, live, parts, takes)
    good = live if changed[live] < changed[idle] or not any(changed.values()) else idle
    other = live if good == idle else idle
    begins = good if changed[good] else other
    takes = _Taking(begins=begins, ends=other if changed[other] else begins)
    return _side(found, other, parts, takes), _side(found, good, parts, takes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """Which side is changed with what belongs to no slot, and which with what leaves and belongs to none."""

    begins: str
    ends: str

    def of(self, side: str) -> tuple[str, ...]:
        """Return the parts that are changed with the side, in order."""
        first, last = ("",) if side == self.begins else (), (LEAVES,) if side == self.ends else ()
        return (*first, side, *last)


def _changed(found: Sorted, side: str, parts: Mapping[str, Mapping[str, TargetChanges]]) -> int:
    if found.targets:
        return sum(found.targets.get(target) == side for target in parts)
    return sum(side in slots for slots in parts.values())


def _side(found: Sorted, side: str, parts: Mapping[str, Mapping[str, TargetChanges]], takes: _Taking) -> Side:
    """What belongs to no slot is changed once, with the first side; what leaves may still be in use, and goes last."""
    if found.targets:
        whole = (joined(tuple(slots.values())) for target, slots in parts.items() if found.targets.get(target) == side)
        return Side(name=side, slot="", targets=tuple(whole), servers=found.of(side))
    here = (tuple(slots[each] for each in takes.of(side) if each in slots) for slots in parts.values())
    return Side(name=side, slot=side, targets=tuple(joined(each) for each in here if each), servers=found.of(side))


def joined(parts: Sequence[TargetChanges]) -> TargetChanges:
    """Return all the parts of one target as one change."""
    return replace(
        parts[0],
        changes=tuple(change for each in parts for change in each.changes),
        operations=tuple(operation for each in parts for operation in each.operations),
        guard=next((each.guard for each in parts if each.guard), None),
    )
