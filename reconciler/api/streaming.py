"""Server-sent events: streams that are counted for each caller, and end when the caller may hear no more."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial

from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from reconciler.api.caller import known
from reconciler.api.door import Call

LOOKS = timedelta(milliseconds=250)
HEARTBEAT = timedelta(seconds=15)


def streamed(call: Call, told: AsyncIterator[bytes]) -> StreamingResponse:
    """Return the answer that tells it; HTTPException 429 when the caller hears as many as they may already."""
    who, hall = known(call), call.hall
    if hall.streams[who.name] >= hall.door.limits.streams:
        raise HTTPException(429, f"{hall.door.limits.streams} streams at once are the most", {"Retry-After": "30"})
    hall.streams[who.name] += 1
    answer = _Counted(told, media_type="text/event-stream")
    answer.over = partial(_over, hall.streams, who.name)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


class _Counted(StreamingResponse):
    """A stream that is counted until it is over, however it ends."""

    over: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.over()


def _over(streams: "Counter[str]", caller: str) -> None:
    streams[caller] -= 1
    if not streams[caller]:
        del streams[caller]


class Hearer:
    """Who hears a stream: their token may be revoked or end meanwhile, and what they are called may change."""

    def __init__(self, call: Call) -> None:
        self._call, self._clock = call, call.hall.door.clock
        self._asked = self._clock.now()

    async def still(self) -> bool:
        """Return whether what they came with is good for the same identity; asked anew once in a heartbeat."""
        now = self._clock.now()
        if timedelta(0) <= now - self._asked < HEARTBEAT:
            return True
        self._asked = now
        return await self._call.hall.door.identities.identify(self._call.shown) == self._call.who
