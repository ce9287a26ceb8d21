"""Work that waits or takes long: in a thread of its own, so that a channel that hangs takes none that others need."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """Return what the work returns, or raise what it raises; whoever stops waiting does not stop it.

    Libraries that wait are such work, and templates of policies. The loop's own threads are few, and passes need them:
    a mail server that never answers would have them all. So the work has a limit of its own, and whoever calls this a
    limit of how much is under way.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(told: Callable[[], None]) -> None:
        # A loop that has ended waits for nothing any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if done.done() else told())

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            failed = error
            tell(lambda: done.set_exception(failed))
        else:
            tell(lambda: done.set_result(result))

    threading.Thread(target=run, name="channel", daemon=True).start()
    return await done
