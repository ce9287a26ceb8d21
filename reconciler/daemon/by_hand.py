"""A plan that a person has reviewed is carried out, and waited for."""

from collections.abc import Callable, Mapping

from reconciler.daemon.hands import Hands
from reconciler.daemon.one_pass import one_pass
from reconciler.daemon.settle import Settled, settle
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.model.assessment import Review
from reconciler.model.event import PlanAccepted
from reconciler.model.identity import UnitId

Accept = Callable[[Review], Mapping[UnitId, str]]
"""Shown what a pass concludes now; returns the plans by unit that a person wants, or raises when they are stale."""


async def apply(world: World, hands: Hands, wake: Wake, accept: Accept, author: str) -> Settled:
    """Carry out just the plans that were accepted, and wait until they have ended."""
    plans = accept((await one_pass(world)).review)
    events = [PlanAccepted(unit=unit, plan=plan, author=author) for unit, plan in plans.items()]
    await world.journal.append(events, world.clock.now())
    return await settle(world, hands, wake, lambda each: each.unit in plans)
