"""The loop: a pass at every ring, its conclusions carried out, until told to stop."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.hands import Hands
from reconciler.daemon.logs import log
from reconciler.daemon.one_pass import NothingToDo, one_pass
from reconciler.daemon.pulse import Pulse
from reconciler.daemon.systemd import notify
from reconciler.daemon.vigil import Vigil
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.model.assessment import Review
from reconciler.ports.clock import Clock
from reconciler.ports.journal import JournalUnavailable

LONGEST_REST = timedelta(minutes=1)
LONGEST_PASS = timedelta(minutes=5)
"""Everything a pass waits for has a limit of its own; one that takes longer than this hangs."""

SET = timedelta(seconds=2)
"""A clock that was set by less than this is only kept right."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What passes are made with, who carries them out, what wakes them, and who is told what they found at rest.

    ``passing`` is entered for the time of each pass.
    """

    world: World
    hands: Hands
    wake: Wake
    vigil: Vigil
    passing: Callable[[], AbstractContextManager[None]] = nullcontext


class Idle:
    """Why passes find nothing to do: it is logged when it begins or changes, not each time."""

    def __init__(self) -> None:
        self._reason = ""

    def because(self, reason: str) -> None:
        """A pass found nothing to do."""
        if reason != self._reason:
            log.info("nothing to do", reason=reason)
        self._reason = reason

    def over(self) -> None:
        """A pass has found something to look at."""
        self._reason = ""


async def loop(parts: Parts, pulse: Pulse, stop: asyncio.Event) -> None:
    """Pass after pass until ``stop`` is set; then the steps in hand are finished, and the rest is left as it is.

    ``pulse`` hears before each pass and each rest how long it may take.
    """
    idle = Idle()
    while not stop.is_set():
        pulse.promise(LONGEST_PASS)
        if not parts.hands.busy:
            _keep_time(parts.world.clock)
        rest = await _pass(parts, idle)
        pulse.promise(rest + LONGEST_REST)
        await parts.wake.heard(rest)
    pulse.leave()
    notify("STATUS=finishing the step in hand")
    await parts.hands.park()


def _keep_time(clock: Clock) -> None:
    moved = clock.catch_up()
    if abs(moved) > SET:
        log.warning("the clock of this machine was set", by=f"{moved.total_seconds():+.0f} s")


async def _pass(parts: Parts, idle: Idle) -> timedelta:
    """Make one pass and return how long nothing needs to be looked at unless somebody rings."""
    try:
        with parts.passing():
            seen = await one_pass(parts.world)
            review = await carry_out(seen, parts.world, parts.hands)
    except NothingToDo as nothing:
        idle.because(str(nothing))
        notify(f"STATUS=nothing to do: {nothing}")
        return LONGEST_REST
    except JournalUnavailable as error:
        log.error("the journal cannot be used now; the fleet is left as it is", error=str(error))
        return timedelta(seconds=5)
    idle.over()
    parts.vigil.tend(review.assessments, seen.desired.targets)
    notify(f"STATUS={_in_a_line(review)}")
    return _rest(review, parts.world.clock)


def _rest(review: Review, clock: Clock) -> timedelta:
    soonest = rest(review, clock.now())
    return LONGEST_REST if soonest is None else min(LONGEST_REST, max(soonest, timedelta(milliseconds=100)))


def rest(review: Review, now: datetime) -> timedelta | None:
    """Return how long what a pass found stays as it is: until a wait ends, or a gate stands otherwise by itself.

    None when nothing of it ends by itself. A gate that is open may shut, which is to be noticed then and not later.
    """
    waits = [each.waiting.until for each in review.assessments if each.waiting and each.waiting.until]
    edges = (gate.until for each in review.assessments for gate in each.gates if gate.until)
    waits += [until for until in edges if until > now]
    return min((until - now for until in waits), default=None)


def _in_a_line(review: Review) -> str:
    units = review.assessments
    in_sync = sum(each.in_sync is True and not each.waiting for each in units)
    waiting = sum(each.waiting is not None for each in units)
    refused = ", a newer commit was refused" if review.refused else ""
    return f"commit {review.commit[:7]}: {in_sync} of {len(units)} units as they shall be, {waiting} waiting{refused}"
