"""Work that waits or takes long: in a thread of its own, so that a channel that hangs takes none that others need."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


_CUT_AGAIN = 1.0
"""Seconds; what is cut may have begun something new meanwhile, as a connection to the next address."""


async def aside(work: Callable[[], T], cut: Callable[[], None] | None = None) -> T:
    """Return what the work returns, or raise what it raises; whoever stops waiting does not stop it.

    With ``cut`` they do: it ends what the work waits for, and may raise OSError. It is called from another thread, and
    again each second until the work has ended.

    Libraries that wait are such work, and templates of policies. The loop's own threads are few, and passes need them:
    a mail server that never answers would have them all. So the work has a limit of its own, and whoever calls this a
    limit of how much is under way.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    ended = threading.Event()

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
        finally:
            ended.set()

    threading.Thread(target=run, name="channel", daemon=True).start()
    try:
        return await done
    except asyncio.CancelledError:
        if cut is not None:
            threading.Thread(target=_cut, args=(cut, ended), name="channel cut", daemon=True).start()
        raise


def _cut(cut: Callable[[], None], ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(OSError):
            cut()
        ended.wait(_CUT_AGAIN)
