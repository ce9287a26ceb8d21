"""An event loop in a thread of its own, so that what it serves does not wait for a test that blocks."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

LIMIT = 30.0

T = TypeVar("T")


class Background:
    """An event loop that runs until it is closed."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._spawned: list[Future[None]] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there, wait for its end, and return what it returned."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT)

    def call(self, act: Callable[[], T]) -> T:
        """Call it there, and return what it returned."""

        async def soon() -> T:
            return act()

        return self.do(soon())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Have it run there until this is closed; it must not end before."""
        self._spawned.append(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """End all that still runs there, and the loop; raise what ended something before its time."""
        too_early = [work for work in self._spawned if work.done()]
        self.do(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)
        self._loop.close()
        for work in too_early:
            work.result()


async def _end_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
