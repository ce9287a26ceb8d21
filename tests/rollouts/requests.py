"""Requests to an address, all the time, from a thread of their own."""

import asyncio
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from tests.lab.load import Load, Tally

LIMIT = 60.0


class Requests:
    """Requests from a thread of their own, so that what a test waits for holds none of them up."""

    def __init__(self, url: str, per_second: float) -> None:
        self._url, self._per_second = url, per_second
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="requests", daemon=True)
        self._load: Load | None = None

    @property
    def tally(self) -> Tally:
        """What came back so far."""
        assert self._load
        return self._load.tally

    def next(self, many: int) -> Tally:
        """Wait for the answers to so many more requests, and return them."""
        assert self._load
        return self._do(self._load.next(many))

    def __enter__(self) -> Self:
        self._thread.start()
        self._load = self._do(self._begun())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._load
        self._do(self._load.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begun(self) -> Load:
        return await Load(self._url, self._per_second).__aenter__()

    def _do(self, work: Any) -> Any:
        done: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(LIMIT)
