"""The loopback fleet of one test process, served by a thread of its own, so that tests may cut a host off meanwhile."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.fleet import Fleet

LIMIT = 30.0


class Loopback:
    """A fleet whose event loop runs elsewhere; every call returns when it is done."""

    def __init__(self, fleet: Fleet, loop: asyncio.AbstractEventLoop) -> None:
        self.fleet = fleet
        self._loop = loop

    def cut(self, name: str) -> None:
        """Take a host off the network."""
        self._do(self.fleet.cut(name))

    def restore(self, name: str) -> None:
        """Bring a host back."""
        self._do(self.fleet.restore(name))

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT)


@contextmanager
def serving(folder: Path, names: tuple[str, ...]) -> Iterator[Loopback]:
    """Have a fleet up for the time of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fleet")
    thread.start()
    fleet = Fleet(folder, names)
    there = Loopback(fleet, loop)
    try:
        there._do(fleet.start())
        yield there
    finally:
        there._do(fleet.stop())
        there._do(_ended())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LIMIT)
        loop.close()


async def _ended() -> None:
    """Let what is left in the loop come to its end."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        # A shell that is being started ends by itself when its connection is gone; cancelled meanwhile, it never would.
        _, left = await asyncio.wait(left, timeout=LIMIT / 3)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
