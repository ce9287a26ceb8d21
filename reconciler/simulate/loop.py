"""An event loop whose time is not the machine's: it jumps to the next timer as soon as nobody has anything to do.

Nothing waits for the world outside: work for threads is done on the spot. So a day takes as long as what happens in it,
and the same work gives the same story each time.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import datetime, timedelta
from math import ceil
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_MICROSECONDS = 1_000_000
_ROUNDING = 0.01
"""The loop reckons in seconds as floats; a hundredth of a microsecond is nothing."""


class StandsStill(Exception):
    """Everybody waits, and nothing is left that could wake anybody: always a bug of ours."""


class _Jumping(selectors.SelectSelector):
    """Instead of waiting for files it lets the time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise StandsStill("internal error: the simulation stands still, everybody waits for somebody else")
        self.passed += max(0, ceil(timeout * _MICROSECONDS - _ROUNDING))
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """The event loop of a simulation; its time begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._clock_resolution = _ROUNDING / _MICROSECONDS

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._jumping.passed / _MICROSECONDS

    @property
    def passed(self) -> timedelta:
        """How much time has passed, exactly."""
        return timedelta(microseconds=self._jumping.passed)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Do it here and now; time stands still meanwhile."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the future
            future.set_exception(error)
        return future


class LoopClock:
    """Implements ``ports.clock.Clock`` with the time of the loop it is used in, which began at ``start``."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self._count = 0

    def now(self) -> datetime:
        """Return the simulated time."""
        loop = asyncio.get_running_loop()
        if not isinstance(loop, SimLoop):
            raise TypeError("internal error: this clock only goes in a simulation")
        return self.start + loop.passed

    def catch_up(self) -> timedelta:
        """Return nothing: nobody sets this clock."""
        return timedelta(0)

    async def sleep(self, duration: timedelta) -> None:
        """Return when the simulated duration has passed."""
        await asyncio.sleep(max(0.0, duration.total_seconds()))

    def new_id(self) -> str:
        """Return the next id; the same ones in each run."""
        self._count += 1
        return f"id{self._count:06}"

    def jitter(self, duration: timedelta) -> timedelta:
        """Return the duration as it is."""
        return duration


def run(story: Coroutine[Any, Any, T]) -> T:
    """Run the story from its beginning to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=SimLoop) as runner:
        return runner.run(story)
