"""A plan that a person has reviewed is carried out, and waited for."""

from collections.abc import Callable
from dataclasses import replace

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.hands import Hands
from reconciler.daemon.one_pass import one_pass
from reconciler.daemon.settle import Settled, settle
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.model.assessment import Assessment, Review
from reconciler.model.waiting import Reason

YIELDS_TO_A_PERSON = frozenset({Reason.DRIFT_REPORTED, Reason.DRIFT_HELD, Reason.PRUNE_GUARD, Reason.BACKOFF})
"""What waits only for somebody to look; that a person applies the reviewed plan is the answer."""


async def apply(world: World, hands: Hands, wake: Wake, accept: Callable[[Review], frozenset[str]]) -> Settled:
    """Carry out the plans of the units that ``accept`` returns, and wait until they have ended.

    ``accept`` is shown what a pass concludes now, and raises when that is not what the person has seen.
    """
    seen = await one_pass(world)
    units = accept(seen.review)
    chosen = tuple(_released(each) for each in seen.review.assessments if str(each.unit) in units)
    await carry_out(replace(seen.review, assessments=chosen), seen.desired, world, hands)
    return await settle(world, hands, wake, lambda each: str(each.unit) in units)


def _released(assessment: Assessment) -> Assessment:
    if assessment.waiting and assessment.waiting.reason in YIELDS_TO_A_PERSON:
        return replace(assessment, waiting=None)
    return assessment
