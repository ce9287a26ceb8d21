"""What is ours: only what we created is ever pruned."""

from collections.abc import Mapping, Sequence

from reconciler.model.difference import Orphan
from reconciler.model.identity import ResourceId
from reconciler.model.target import Host
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, VerdictRecord


def orphans_of(unit: Unit, owned: Mapping[ResourceId, Owned]) -> tuple[Owned, ...]:
    """Return what is ours and no longer named by the unit, in the order of ids."""
    named = {resource.id for resource in unit.resources}
    return tuple(owned[each] for each in sorted(owned) if each not in named)


def reachable(owned: Mapping[ResourceId, Owned], hosts: Mapping[str, Host]) -> Mapping[ResourceId, Owned]:
    """Return what is ours on hosts that are in Git: nothing is looked at or taken away on a host that has left."""
    return {each: owned[each] for each in owned if each.target in hosts}


def created_by(rejected: VerdictRecord | None, wanted: Unit, orphans: Sequence[Orphan]) -> tuple[Orphan, ...]:
    """Return the orphans that the rejected state had brought: taking it back takes them away, whatever prune says."""
    if rejected is None or rejected.digest != wanted.digest:
        return ()
    brought = {resource.id for resource in wanted.resources}
    return tuple(each for each in orphans if each.owned.created and each.owned.resource.id in brought)
