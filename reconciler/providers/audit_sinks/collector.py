"""Messages to an HTTP collector, many in one request."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from reconciler.ports.errors import Broken, Denied, Refused, Unreachable
from reconciler.providers.http import Http, Request

_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Batch:
    """How many messages are one body: what it begins with, what is between them, what ends it, and its type."""

    begin: bytes
    between: bytes
    end: bytes
    type: str


LINES = Batch(b"", b"\n", b"\n", "application/x-ndjson")
EVENTS = Batch(b"[", b",", b"]", "application/cloudevents-batch+json")


class Collector:
    """POSTs messages, all of one call in one request; any status of 200 to 299 says that they are kept.

    ``token`` returns the secret that is sent as a bearer token, and None where there is none; it may take long.
    """

    def __init__(self, http: Http, url: str, batch: Batch, token: Callable[[], str | None]) -> None:
        self._http, self._url, self._batch, self._token = http, url, batch, token

    async def send(self, messages: Sequence[bytes]) -> None:
        """Send them; raise Denied, Refused and Broken by what was answered, Unreachable where nothing was."""
        batch = self._batch
        token = await asyncio.to_thread(self._token)
        headers = {"Content-Type": batch.type, **({"Authorization": f"Bearer {token}"} if token else {})}
        body = batch.begin + batch.between.join(messages) + batch.end
        answer = await self._http.exchange(
            Request(url=self._url, method="POST", headers=headers, body=body, limit=_WITHIN)
        )
        self._judge(answer.status)

    async def close(self) -> None:
        """There is nothing to end: connections are those of all who ask over HTTP."""

    def _judge(self, status: int) -> None:
        said = f"{_shown(self._url)} answered {status}"
        if status in range(200, 300):
            return
        if status in (401, 403):
            raise Denied(f"{said}; is the token right?")
        if status in (408, 425, 429) or status >= 500:
            raise Unreachable(said)
        if status >= 400:
            raise Refused(f"{said} to entries of the record; does it take what format says?")
        raise Broken(f"{said}; a redirect is not followed")


def _shown(url: str) -> str:
    """What may be logged of it: some collectors want a key in the query."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
