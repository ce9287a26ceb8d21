"""Much at once, but not without bounds."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

AT_ONCE = 50
"""How many targets are worked on side by side."""

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """Does a work for many items, a bounded number of them at once; all rollouts of a process share the bound."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def all(self, items: Sequence[T], work: Callable[[T], Awaitable[R]]) -> dict[T, R]:
        """Return what the work says of each item, in their order."""
        results: dict[T, R] = {}
        async with aclosing(self.waves(items, work)) as waves:
            async for wave in waves:
                results.update(wave)
        return {item: results[item] for item in items}

    async def waves(self, items: Sequence[T], work: Callable[[T], Awaitable[R]]) -> AsyncGenerator[dict[T, R], None]:
        """Yield what the work says of some items, as soon as it does. What is under way when it is closed is ended."""

        async def bounded(item: T) -> R:
            async with self._slots:
                return await work(item)

        tasks = {asyncio.create_task(bounded(item)): item for item in items}
        try:
            waiting = set(tasks)
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                yield {item: task.result() for task, item in tasks.items() if task in done}
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
