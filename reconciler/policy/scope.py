"""What a pass has to look at."""

from collections import defaultdict
from collections.abc import Mapping

from reconciler.model.identity import UnitId
from reconciler.model.resource import Resource
from reconciler.model.rollout import State
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.traffic import Router
from reconciler.model.unit import Desired, Unit
from reconciler.policy.holding import holding
from reconciler.policy.ownership import orphans_of, reachable

_IN_HAND = frozenset({State.PENDING, State.RUNNING, State.REVERTING, State.PAUSED, State.REVERT_PAUSED})


def scope(desired: Desired, standing: Standing) -> Mapping[str, tuple[Resource, ...]]:
    """Return the resources to observe, by target.

    For every unit: the state it is held to, and what is ours though nobody names it any more; of units that left Git,
    what is ours. A unit whose rollout is in hand is left out: it is being changed, and what it looks like half-way
    decides nothing.
    """
    wanted: dict[str, list[Resource]] = defaultdict(list)
    for unit in desired.units.values():
        for resource in _of_unit(unit, standing.of(unit.id), desired):
            wanted[resource.id.target].append(resource)
    for known in standing.units.values():
        if known.unit not in desired.units:
            for owned in reachable(known.owned, desired.targets).values():
                wanted[owned.resource.id.target].append(owned.resource)
    return {target: tuple(resources) for target, resources in wanted.items()}


def routers(desired: Desired, standing: Standing) -> Mapping[UnitId, Router]:
    """Return the routers to ask, of all units that no rollout has in hand, as in the state each is held to.

    Of what was left as it is, as in Git: its requests go on as they were left.
    """
    at_rest = (unit for unit in desired.units.values() if not _in_hand(standing.of(unit.id)))
    held = (holding(unit, standing.of(unit.id)).unit or unit for unit in at_rest)
    return {unit.id: unit.traffic for unit in held if unit.traffic}


def _in_hand(known: UnitStanding) -> bool:
    return known.rollout is not None and known.rollout.state in _IN_HAND


def _of_unit(unit: Unit, known: UnitStanding, desired: Desired) -> tuple[Resource, ...]:
    if _in_hand(known):
        return ()
    held = holding(unit, known).unit
    if held is None:
        # There is nothing to compare with, but a change that was cut off there has to be seen and taken back.
        return unit.resources
    return (*held.resources, *(each.resource for each in orphans_of(held, reachable(known.owned, desired.targets))))
