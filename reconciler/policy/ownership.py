"""What is ours: only what we created is ever pruned."""

from collections.abc import Mapping

from reconciler.model.identity import ResourceId
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned


def orphans_of(unit: Unit, owned: Mapping[ResourceId, Owned]) -> tuple[Owned, ...]:
    """Return what is ours and no longer named by the unit, in the order of ids."""
    named = {resource.id for resource in unit.resources}
    return tuple(owned[each] for each in sorted(owned) if each not in named)
