"""What wakes the loop. A wake carries no message: the pass that follows looks at everything anyway."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from watchfiles import awatch

from reconciler.daemon.logs import log
from reconciler.ports.clock import Clock
from reconciler.ports.source import SourceError

TRY_AGAIN = timedelta(seconds=5)


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


async def on(changes: Callable[[], AsyncIterator[None]], then: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Do something whenever the iterator yields, until cancelled; what cannot be watched now is tried again."""
    while True:
        try:
            async for _ in changes():
                await then()
        except SourceError as error:
            log.warning("cannot watch for commits; looking at intervals meanwhile", reason=str(error))
        await clock.sleep(TRY_AGAIN)


async def touched(file: Path) -> AsyncIterator[None]:
    """Yield soon after the file was made or touched; its folder must be there."""
    async for _ in awatch(
        file.parent,
        watch_filter=lambda _, path: path == str(file),
        recursive=False,
        step=50,
        debounce=200,
        raise_interrupt=False,
    ):
        yield


async def every(interval: timedelta, then: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Do something at the interval, a tenth sooner or later by chance: a thousand daemons shall not knock together."""
    while True:
        await clock.sleep(clock.jitter(interval))
        await then()
