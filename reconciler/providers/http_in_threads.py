"""HTTP for work that runs in threads: an event loop of its own does the asking, so every limit is that of ``Http``."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from reconciler.ports.errors import Unreachable
from reconciler.providers.http import Http, Request, Response

_T = TypeVar("_T")
_CLOSED = "the program is about to end"


class HttpInThreads:
    """Asks other systems for a thread that waits. Its own thread begins with the first question."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opened: list[Http] = []
        self._closed = False

    def exchange(self, http: Http, request: Request) -> Response:
        """Return the answer, as ``Http.exchange`` does and with its errors; ``http`` is asked here and nowhere else.

        Raises Unreachable when all is closed meanwhile.
        """
        with self._starting:
            loop = self._running()
            if http not in self._opened:
                self._opened.append(http)
        try:
            return self._wait(loop, http.exchange(request))
        except CancelledError:
            raise Unreachable(_CLOSED) from None

    def close(self) -> None:
        """End what is under way, close all connections and end the thread; nothing may be asked any more."""
        with self._starting:
            self._closed, loop = True, self._loop
        if loop is None or self._thread is None:
            return
        self._wait(loop, _end_all())
        for http in self._opened:
            self._wait(loop, http.close())
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()
        self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise Unreachable(_CLOSED)
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="secrets", daemon=True)
            self._thread.start()
        return self._loop

    def _wait(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()


async def _end_all() -> None:
    """Whoever waits for an answer is told that there will be none: a thread that waits would keep the process."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
