"""A clock that stands still while anybody works, and jumps to the next alarm when everybody sleeps."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

_QUIET_ROUNDS = 20


class SimClock:
    """Implements ``ports.clock.Clock``. Work in threads is invisible to it: wrap it in ``working``."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._alarms: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def now(self) -> datetime:
        """Return the simulated time."""
        return self._now

    def catch_up(self) -> timedelta:
        """Return nothing: nobody sets this clock."""
        return timedelta(0)

    def new_id(self) -> str:
        """Return the next id; the same ones in each run."""
        self._count += 1
        return f"id{self._count:06}"

    def jitter(self, duration: timedelta) -> timedelta:
        """Return the duration as it is."""
        return duration

    @property
    def sleepers(self) -> int:
        """How many sleep now."""
        return sum(not alarm.done() for _, _, alarm in self._alarms)

    def jump(self, to: datetime) -> None:
        """Set the time forward; never back."""
        self._now = max(self._now, to)
        while self._alarms and self._alarms[0][0] <= self._now:
            _, _, alarm = heapq.heappop(self._alarms)
            if not alarm.done():
                alarm.set_result(None)

    async def sleep(self, duration: timedelta) -> None:
        """Return when the duration has passed."""
        if duration <= timedelta(0):
            return
        self._count += 1
        alarm = asyncio.get_running_loop().create_future()
        heapq.heappush(self._alarms, (self._now + duration, self._count, alarm))
        await alarm

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Let time stand still within."""
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Let time pass by itself within."""
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            await self._quiet()
            while self._alarms and self._alarms[0][2].done():
                heapq.heappop(self._alarms)
            if self._alarms:
                self.jump(self._alarms[0][0])

    async def _quiet(self) -> None:
        calm = 0
        while calm < _QUIET_ROUNDS:
            await self._idle.wait()
            await asyncio.sleep(0)
            calm = 0 if self._working else calm + 1
