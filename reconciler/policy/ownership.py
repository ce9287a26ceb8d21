"""What is ours: only what we created is ever deleted, and only what we took over is put back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.model.difference import Orphan
from reconciler.model.identity import ResourceId
from reconciler.model.target import Target
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned


def orphans_of(unit: Unit, owned: Mapping[ResourceId, Owned]) -> tuple[Owned, ...]:
    """Return what is ours and no longer named by the unit, in the order of ids."""
    named = {resource.id for resource in unit.resources}
    return tuple(owned[each] for each in sorted(owned) if each not in named)


def reachable(owned: Mapping[ResourceId, Owned], hosts: Mapping[str, Target]) -> Mapping[ResourceId, Owned]:
    """Return what is ours on hosts that are in Git: nothing is looked at or taken away on a host that has left."""
    return {each: owned[each] for each in owned if each.target in hosts}


def rewritten(unit: Unit, owned: Mapping[ResourceId, Owned]) -> tuple[Owned, ...]:
    """Return what is ours and is to be there as before, but with another policy of its own (``prune``, ``drift``).

    What counts when a resource has left Git is what was said last while it was there.
    """
    wanted = ((resource, owned.get(resource.id)) for resource in unit.resources)
    return tuple(
        replace(ours, resource=resource)
        for resource, ours in wanted
        if ours is not None and ours.resource.digest == resource.digest and ours.resource.prune != resource.prune
    )


def brought_by(states: Sequence[Unit], orphans: Sequence[Orphan]) -> tuple[Orphan, ...]:
    """Return the orphans that those states had brought: going back from them takes these away, whatever prune says.

    What they made is deleted, and what they took over is put back as it was before.
    """
    brought = {resource.id for state in states for resource in state.resources}
    return tuple(each for each in orphans if each.owned.brought and each.owned.resource.id in brought)
