"""Requests, so many a second for as long as the block lasts, and a count of what came back.

    async with Load(f"http://{balancer.inner_address}:8080/", per_second=200) as load:
        ...                                            # a rollout
        shares = (await load.next(400)).shares         # {"1.4.1": 0.9, "1.4.2": 0.1}
    assert not load.tally.failed, load.tally

Requests are sent when their time has come, whether earlier ones were answered or not, each over a connection of its
own: a client that reuses one has to repeat a request whose connection was closed meanwhile; nothing here is repeated.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

LIMIT = 10.0
"""Seconds after which a request without an answer is an error."""


@dataclass(slots=True)
class Tally:
    """What came back: answers by status and by version (the header ``X-Version``), and errors by their text."""

    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def sent(self) -> int:
        """How many requests have come to an end."""
        return sum(self.statuses.values()) + sum(self.errors.values())

    @property
    def failed(self) -> int:
        """How many had no answer, or one of 500 and more."""
        return sum(self.errors.values()) + sum(many for status, many in self.statuses.items() if status >= 500)

    @property
    def shares(self) -> dict[str, float]:
        """The part (0 to 1) of the answers that each version gave."""
        answered = sum(self.versions.values())
        return {version: many / answered for version, many in self.versions.items()}

    def since(self, before: "Tally") -> "Tally":
        """Return what came after an earlier tally."""
        return Tally(
            self.statuses - before.statuses,
            self.versions - before.versions,
            self.servers - before.servers,
            self.errors - before.errors,
            self.slowest,
        )

    def copy(self) -> "Tally":
        """Return a tally that stays as it is."""
        return Tally(Counter(self.statuses), Counter(self.versions), Counter(self.servers), Counter(self.errors))


class Load:
    """Sends GET requests to a URL (http) from entering the block to its end, and waits for the last answers then."""

    def __init__(self, url: str, per_second: float = 200.0) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._request = (
            f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        self._gap = 1 / per_second
        self._tasks: set[asyncio.Task[None]] = set()
        self._sender: asyncio.Task[None] | None = None
        self._ended = asyncio.Condition()
        self.tally = Tally()

    async def __aenter__(self) -> Self:
        self._sender = asyncio.create_task(self._send())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._sender
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)
        await asyncio.gather(*self._tasks)

    async def next(self, many: int) -> Tally:
        """Wait until so many more requests have come to an end, and return what came back for them."""
        before = self.tally.copy()
        async with self._ended:
            await self._ended.wait_for(lambda: self.tally.sent >= before.sent + many)
        return self.tally.since(before)

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            task = asyncio.create_task(self._one())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            due += self._gap
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _one(self) -> None:
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(LIMIT):
                head = await self._asked()
            status, version, server = _read(head)
            self.tally.statuses[status] += 1
            self.tally.versions[version] += 1
            self.tally.servers[server] += 1
        except TimeoutError:
            self.tally.errors[f"no answer within {LIMIT:g} s"] += 1
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            self.tally.errors[f"{type(error).__name__}: {error}"] += 1
        self.tally.slowest = max(self.tally.slowest, asyncio.get_running_loop().time() - began)
        async with self._ended:
            self._ended.notify_all()

    async def _asked(self) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(self._request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), None)
            await (reader.readexactly(int(length.split(b":")[1])) if length else reader.read())
            return head
        finally:
            writer.transport.abort()


def _read(head: bytes) -> tuple[int, str, str]:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers.get("x-version", ""), headers.get("x-served-by", "")
