"""HTTP for work that runs in threads: an event loop of its own does the asking, so every limit is that of ``Http``."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from reconciler.providers.http import Http, Request, Response

_T = TypeVar("_T")


class HttpInThreads:
    """Asks other systems for a thread that waits. Its own thread begins with the first question."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opened: list[Http] = []

    def exchange(self, http: Http, request: Request) -> Response:
        """Return the answer, as ``Http.exchange`` does and with its errors; ``http`` is asked here and nowhere else."""
        with self._starting:
            loop = self._running()
            if http not in self._opened:
                self._opened.append(http)
        return self._wait(loop, http.exchange(request))

    def close(self) -> None:
        """Close all connections and end the thread; nothing may be asked any more."""
        with self._starting:
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        for http in self._opened:
            self._wait(loop, http.close())
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="secrets", daemon=True)
            self._thread.start()
        return self._loop

    def _wait(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()
