"""The same request sent twice is done once: answers by idempotency key.

Kept in memory for a day at most, and not over a restart: then the journal says what was decided. After the draft
standard for the ``Idempotency-Key`` header of the IETF's HTTP API group.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.ports.clock import Clock

REMEMBERED = 10_000
KEPT = timedelta(days=1)


class AnotherRequest(Exception):
    """The key was used for something else before."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and whether it may be told again (a token is shown once)."""

    body: bytes
    again: bool = True


@dataclass(frozen=True, slots=True)
class _Kept:
    request: str
    answer: asyncio.Future[Answer]
    at: datetime


class Once:
    """Answers by caller and key. A request that failed was not done, and may be sent again with its key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    async def answer(
        self, caller: str, key: str, request: bytes, work: Callable[[], Awaitable[Answer]]
    ) -> tuple[Answer, bool]:
        """Return the answer, and whether it was made before. Raises AnotherRequest, and what ``work`` raises."""
        self._forget()
        digest = hashlib.sha256(request).hexdigest()
        kept = self._kept.get((caller, key))
        if kept and kept.request != digest:
            raise AnotherRequest(f"the Idempotency-Key {key} was used for another request; take a new one")
        if kept:
            return await asyncio.shield(kept.answer), True
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._kept[caller, key] = _Kept(digest, future, self._clock.now())
        try:
            made = await work()
        except BaseException as error:
            self._kept.pop((caller, key), None)
            _failed(future, error)
            raise
        # What may not be told again is not kept either.
        future.set_result(made if made.again else Answer(b"", again=False))
        return made, False

    def _forget(self) -> None:
        now = self._clock.now()
        while self._kept:
            first = next(iter(self._kept))
            kept = self._kept[first]
            if len(self._kept) < REMEMBERED and now - kept.at < KEPT:
                return
            del self._kept[first]


def _failed(future: "asyncio.Future[Answer]", error: BaseException) -> None:
    """Tell whoever waits for the same; where nobody does, nobody has to be told."""
    if isinstance(error, Exception):
        future.set_exception(error)
        future.exception()
    else:
        future.cancel()
