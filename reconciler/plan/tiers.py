"""The targets of a unit by sort, in the order in which they are changed: what is needed comes first. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from reconciler.model.change import Cause
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Resource
from reconciler.model.target import Sort, Target
from reconciler.model.unit import Unit
from reconciler.plan.material import Material
from reconciler.plan.order import Cycle
from reconciler.policy.removal import GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a plan has to do on the targets of one sort: the material without all others. ``kinds`` are all of it."""

    sort: Sort
    material: Material


def parts(material: Material, targets: Mapping[str, Target]) -> tuple[Part, ...]:
    """Return the material by the sort of its targets, in the order in which they are changed.

    Those on which something is that a resource of another sort depends on come first; otherwise sorts follow each other
    as they do in the unit's resources. What goes back, or goes away, does so in reverse, and what only leaves does so
    after what needed it where that is possible. Raises plan.order.Cycle.
    """
    resources = (*material.unit.resources, *(each.owned.resource for each in material.delete))
    sorts = _Sorts(resources, targets)
    found = dict.fromkeys(sorts.of(name) for name in (*(each.id.target for each in resources), *material.unit.targets))
    back = material.cause is Cause.REVERT or material.unit.digest == GONE
    order = _in_order(tuple(found), sorts.needs(material.unit.resources), _wishes(material, sorts, back=back))
    if back:
        order = tuple(reversed(order))
    if len(order) == 1:
        return (Part(sort=order[0], material=replace(material, unit=_asked(material.unit, order[0]))),)
    return tuple(Part(sort=sort, material=_part(material, sort, sorts)) for sort in order)


def by_sort(unit: Unit, targets: Mapping[str, Target]) -> tuple[Unit, ...]:
    """Return what the unit is on the targets of each sort."""
    sorts = _Sorts(unit.resources, targets)
    found = dict.fromkeys(sorts.of(name) for name in unit.targets)
    return (unit,) if len(found) == 1 else tuple(_unit(unit, sort, sorts) for sort in found)


class _Sorts:
    """Of which sort targets are; of one that has left Git it follows from what is on it."""

    def __init__(self, resources: Sequence[Resource], targets: Mapping[str, Target]) -> None:
        self._targets = {name: each.sort for name, each in targets.items()}
        kinds = {each.id.kind: self._targets[each.id.target] for each in resources if each.id.target in self._targets}
        for each in resources:
            self._targets.setdefault(each.id.target, kinds.get(each.id.kind, Sort.HOST))

    def of(self, target: str) -> Sort:
        return self._targets.get(target, Sort.HOST)

    def needs(
        self, resources: Sequence[Resource], only: Collection[str] | None = None
    ) -> Mapping[Sort, frozenset[Sort]]:
        """Return on which sorts there is something that each sort needs; ``only`` of these refs."""
        by_ref = {each.id.ref: self.of(each.id.target) for each in resources}
        found: dict[Sort, set[Sort]] = defaultdict(set)
        for each in resources:
            here = self.of(each.id.target)
            refs = (ref for ref in each.depends_on if ref in by_ref and (only is None or ref in only))
            found[here] |= {by_ref[ref] for ref in refs} - {here}
        return {sort: frozenset(needed) for sort, needed in found.items()}


def _wishes(material: Material, sorts: _Sorts, *, back: bool) -> Mapping[Sort, frozenset[Sort]]:
    """What goes away was needed by something on another sort until now: that stops needing it first, if it can be."""
    before = [each.owned.resource for each in material.delete]
    before += [each.resource for each in material.known.owned.values()] if material.known else []
    leaving = {each.owned.resource.id.ref for each in material.delete}
    found: dict[Sort, set[Sort]] = defaultdict(set)
    for sort, needed in sorts.needs(before, only=leaving).items():
        for other in needed:
            first, then = (other, sort) if back else (sort, other)
            found[then].add(first)
    return {sort: frozenset(wished) for sort, wished in found.items()}


def _in_order(
    sorts: Sequence[Sort], needs: Mapping[Sort, frozenset[Sort]], wishes: Mapping[Sort, frozenset[Sort]]
) -> tuple[Sort, ...]:
    """Return the sorts with all that each needs before it, and as is wished where that is possible. Raise Cycle."""
    both = {sort: needs.get(sort, frozenset()) | wishes.get(sort, frozenset()) for sort in sorts}
    return _placed(sorts, both) or _placed(sorts, needs) or _circle(sorts)


def _circle(sorts: Sequence[Sort]) -> NoReturn:
    raise Cycle(f"resources of several sorts of targets depend on each other in a circle: {', '.join(sorts)}")


def _placed(sorts: Sequence[Sort], needs: Mapping[Sort, frozenset[Sort]]) -> tuple[Sort, ...]:
    """Return the sorts in order; nothing where they need each other in a circle."""
    placed: list[Sort] = []
    while left := [each for each in sorts if each not in placed]:
        ready = next((each for each in left if needs.get(each, frozenset()) <= {*placed}), None)
        if ready is None:
            return ()
        placed.append(ready)
    return tuple(placed)


def _asked(unit: Unit, sort: Sort) -> Unit:
    """Checks are asked of targets of their sort alone."""
    return replace(unit, health=tuple(each for each in unit.health if each.on is sort))


def _unit(unit: Unit, sort: Sort, sorts: _Sorts) -> Unit:
    """Where nothing is in a slot there are none."""
    resources = tuple(each for each in unit.resources if sorts.of(each.id.target) is sort)
    members = unit.traffic.members if unit.traffic else ()
    slots = {each.slot for each in resources} | {each.slot for each in members if sorts.of(each.target) is sort}
    return replace(
        _asked(unit, sort),
        targets=tuple(each for each in unit.targets if sorts.of(each) is sort),
        resources=resources,
        slots=unit.slots if any(slots) else (),
    )


def _part(material: Material, sort: Sort, sorts: _Sorts) -> Material:
    def here(each: ResourceId) -> bool:
        return sorts.of(each.target) is sort

    known = material.known
    if known and known.last_good and not any(here(each.id) for each in known.last_good.unit.resources):
        # On targets of this sort no version of it has ever been good.
        known = replace(known, last_good=None)
    return replace(
        material,
        unit=_unit(material.unit, sort, sorts),
        differing=[each for each in material.differing if here(each.resource.id)],
        delete=[each for each in material.delete if here(each.owned.resource.id)],
        left_out=tuple(each for each in material.left_out if sorts.of(each.target) is sort),
        known=known,
    )
