"""The loop: a pass at every ring, its conclusions carried out, until told to stop."""

import asyncio
from datetime import timedelta

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.hands import Hands
from reconciler.daemon.logs import log
from reconciler.daemon.one_pass import NothingToDo, one_pass
from reconciler.daemon.systemd import notify, watchdog_interval
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.model.assessment import Review
from reconciler.ports.clock import Clock
from reconciler.ports.journal import JournalUnavailable

LONGEST_REST = timedelta(minutes=1)


async def loop(world: World, hands: Hands, wake: Wake, stop: asyncio.Event) -> None:
    """Pass after pass until ``stop`` is set; then the steps in hand are finished, and the rest is left as it is."""
    while not stop.is_set():
        rest = await _pass(world, hands)
        await wake.heard(rest)
    notify("STOPPING=1", "STATUS=finishing the step in hand")
    await hands.park()


async def _pass(world: World, hands: Hands) -> timedelta:
    """Make one pass and return how long nothing needs to be looked at unless somebody rings."""
    try:
        seen = await one_pass(world)
        await carry_out(seen.review, seen.desired, world, hands)
    except NothingToDo as nothing:
        log.info("nothing to do", reason=str(nothing))
        notify(f"STATUS=nothing to do: {nothing}")
        return LONGEST_REST
    except JournalUnavailable as error:
        log.error("the journal cannot be used now; the fleet is left as it is", error=str(error))
        return timedelta(seconds=5)
    notify(f"STATUS={_in_a_line(seen.review)}")
    return _rest(seen.review, world.clock)


def _rest(review: Review, clock: Clock) -> timedelta:
    waits = [each.waiting.until for each in review.assessments if each.waiting and each.waiting.until]
    now = clock.now()
    soonest = min((until - now for until in waits), default=LONGEST_REST)
    return min(LONGEST_REST, max(soonest, timedelta(milliseconds=100)))


def _in_a_line(review: Review) -> str:
    units = review.assessments
    in_sync = sum(each.in_sync is True and not each.waiting for each in units)
    waiting = sum(each.waiting is not None for each in units)
    refused = ", a newer commit was refused" if review.refused else ""
    return f"commit {review.commit[:7]}: {in_sync} of {len(units)} units as they shall be, {waiting} waiting{refused}"


async def feed_watchdog(clock: Clock) -> None:
    """Tell systemd that the loop is alive, as often as it wants to hear it; returns when it does not."""
    interval = watchdog_interval()
    while interval:
        notify("WATCHDOG=1")
        await clock.sleep(interval)
