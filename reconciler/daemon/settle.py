"""Passes until nothing more follows: what ``reconciler run --once`` and ``reconciler apply`` do."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.hands import Hands
from reconciler.daemon.loop import rest
from reconciler.daemon.one_pass import one_pass
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.model.assessment import Assessment, Review
from reconciler.model.rollout import Rollout, State
from reconciler.model.waiting import Reason

LONGEST_QUIET = timedelta(minutes=1)
"""A rollout rings when it ends; this only bounds the wait should a ring be lost."""

SHORTEST_QUIET = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How it ended: the last look at the units that were chosen, and the rollouts that ended meanwhile."""

    review: Review
    ended: tuple[Rollout, ...]

    @property
    def exit_status(self) -> int:
        """0 all well, 3 something was reverted, 4 something is held or waits, 1 a revert failed."""
        states = {rollout.state for rollout in self.ended}
        if State.REVERT_FAILED in states:
            return 1
        if State.REVERTED in states:
            return 3
        held = {State.HELD, State.ABORTED}
        waits = any(each.waiting and each.waiting.reason is not Reason.REMOVED for each in self.review.assessments)
        return 4 if states & held or waits else 0


async def settle(world: World, hands: Hands, wake: Wake, units: Callable[[Assessment], bool]) -> Settled:
    """Pass, carry out, wait, and pass again until no chosen unit has anything under way or to do.

    ``units`` chooses; the others are looked at and left alone. A unit that waits for something that time alone
    brings (a heal's backoff, a dependency that is not under way) is not waited for.
    """
    before = await _ended(world, ())
    while True:
        # What ends while a pass looks is not in what the pass saw, so such a pass concludes nothing about the end.
        at_work = hands.busy
        seen = await one_pass(world)
        chosen = tuple(each for each in seen.review.assessments if units(each))
        carried = await carry_out(replace(seen, review=replace(seen.review, assessments=chosen)), world, hands)
        if hands.broken:
            raise next(iter(hands.broken.values()))
        if not (at_work or hands.busy or _moves(carried.assessments)):
            ended = await _ended(world, {each.id for each in before})
            return Settled(review=carried, ended=ended)
        # A window that shuts rings nobody, and pauses what runs.
        quiet = rest(carried, world.clock.now())
        await wake.heard(LONGEST_QUIET if quiet is None else min(LONGEST_QUIET, max(quiet, SHORTEST_QUIET)))


def _moves(chosen: Collection[Assessment]) -> bool:
    return any(each.signal or (each.plan and not each.waiting) for each in chosen)


async def _ended(world: World, known: Collection[str]) -> tuple[Rollout, ...]:
    standing = await world.journal.standing()
    last = (each.last for each in standing.units.values())
    return tuple(rollout for rollout in last if rollout is not None and rollout.id not in known)
