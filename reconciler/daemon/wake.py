"""What wakes the loop. A wake carries no message: the pass that follows looks at everything anyway."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from reconciler.ports.clock import Clock


class Wake:
    """A bell that stays rung until somebody has heard it."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Ask for a pass; many rings before the next pass are one."""
        self._rung.set()

    async def heard(self, within: timedelta) -> None:
        """Return at the next ring, or when the time is over."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._rung.wait()
        except TimeoutError:
            pass
        self._rung.clear()


async def ring_on(changes: AsyncIterator[None], wake: Wake) -> None:
    """Ring whenever the iterator yields, until cancelled."""
    async for _ in changes:
        wake.ring()


async def ring_every(interval: timedelta, wake: Wake, clock: Clock) -> None:
    """Ring at the interval, a tenth sooner or later by chance, so that a thousand daemons do not knock together."""
    while True:
        await clock.sleep(clock.jitter(interval))
        wake.ring()
