"""A proxy before an API server, that does harm on order. It speaks TLS on both sides, by certificates of one authority.

A user is known by a token only: a client certificate does not get through it.
"""

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import assert_never

from tests.lab.kubernetes.background import Background
from tests.lab.kubernetes.certificates import Pair
from tests.lab.kubernetes.faults import Answer, Cut, Delay, Fault, Lost, Rule, Seen
from tests.lab.kubernetes.process import free_port

CHUNK = 1 << 16
ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class _Head:
    """The first lines of a request."""

    raw: bytes
    request: str
    fields: dict[str, str]


@dataclass(eq=False, slots=True)
class _Pipe:
    """One connection of a client, and the one to the API server that belongs to it."""

    from_client: asyncio.StreamReader
    to_client: asyncio.StreamWriter
    from_server: asyncio.StreamReader
    to_server: asyncio.StreamWriter
    loses_answer: bool = False

    def break_off(self) -> None:
        self.to_client.transport.abort()
        self.to_server.transport.abort()


@dataclass(slots=True)
class _Orders:
    """What the proxy was told to do, and what it has seen. Only its own loop writes here."""

    rules: list[Rule] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    seen: list[Seen] = field(default_factory=list)

    def fault(self, head: _Head) -> Fault | None:
        token = head.fields.get("authorization", "").removeprefix("Bearer ")
        fault: Fault | None = Answer(401) if token in self.expired else None
        if fault is None:
            fault = next((rule.fault for rule in self.rules if rule.takes(head.request)), None)
        self.seen.append(Seen(head.request, head.fields.get("user-agent", ""), fault))
        return fault


class Proxy:
    """Passes everything on but what it was told not to. Its methods return when it is so."""

    def __init__(self, port: int, pair: Pair, trust: ssl.SSLContext) -> None:
        self._upstream = port
        self._trust = trust
        self._serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._serving.load_cert_chain(pair.certificate, pair.key)
        self._port = free_port()
        self.url = f"https://{ADDRESS}:{self._port}"
        self._orders = _Orders()
        self._pipes: set[_Pipe] = set()
        self._server: asyncio.Server | None = None
        self._background = Background("lab-proxy")
        self.restore()

    @property
    def seen(self) -> tuple[Seen, ...]:
        """All requests that came, in their order."""
        return tuple(self._orders.seen)

    def requests(self, pattern: str = "") -> list[str]:
        """Return method and target of each request that came and matches the pattern."""
        return [each.request for each in self.seen if re.search(pattern, each.request)]

    def forget(self) -> None:
        """Begin a new list of what was seen."""
        self._background.call(self._orders.seen.clear)

    def fault(self, fault: Fault, pattern: str = "", times: int = 1) -> None:
        """Do this to the next so many requests of which "METHOD /path?query" matches the pattern."""
        rule = Rule(fault, re.compile(pattern), times)
        self._background.call(lambda: self._orders.rules.append(rule))

    def expire(self, token: str) -> None:
        """Take this token no longer: who shows it is answered 401."""
        self._background.call(lambda: self._orders.expired.add(token))

    def cut(self) -> int:
        """Break all connections that are open, watches too, and return how many; new ones are taken."""
        return self._background.call(self._break_all)

    def take_away(self) -> None:
        """Break all connections and refuse new ones, until it is restored."""
        self._background.do(self._close())

    def restore(self) -> None:
        """Take connections (again), at the port it had, and forget all faults."""
        self._background.do(self._open())

    def close(self) -> None:
        """End it."""
        self.take_away()
        self._background.close()

    async def _open(self) -> None:
        self._orders.rules.clear()
        self._orders.expired.clear()
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, ADDRESS, self._port, ssl=self._serving, reuse_address=True
            )

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._break_all()
            await self._server.wait_closed()
            self._server = None

    def _break_all(self) -> int:
        pipes = list(self._pipes)
        for pipe in pipes:
            pipe.break_off()
        return len(pipes)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_connection(ADDRESS, self._upstream, ssl=self._trust)
        except OSError:
            writer.transport.abort()
            return
        pipe = _Pipe(reader, writer, *upstream)
        self._pipes.add(pipe)
        back = asyncio.create_task(_carry_back(pipe))
        try:
            await self._serve(pipe)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two went away, and takes the other with it
        finally:
            self._pipes.discard(pipe)
            pipe.break_off()
            await back

    async def _serve(self, pipe: _Pipe) -> None:
        """Take one request after the other; a client waits for an answer before it asks again."""
        while True:
            head = _parsed(await pipe.from_client.readuntil(b"\r\n\r\n"))
            fault = self._orders.fault(head)
            match fault:
                case Answer():
                    await _body(pipe.from_client, head)
                    pipe.to_client.write(fault.encoded())
                    await pipe.to_client.drain()
                    continue
                case Cut():
                    return
                case Lost():
                    pipe.loses_answer = True
                case Delay(seconds):
                    await asyncio.sleep(seconds)
                case None:
                    pass
                case _:
                    assert_never(fault)
            pipe.to_server.write(head.raw + await _body(pipe.from_client, head))
            await pipe.to_server.drain()


@contextmanager
def proxy_before(port: int, pair: Pair, trust: ssl.SSLContext) -> Iterator[Proxy]:
    """Have a proxy before the API server at this port of loopback for the time of the block."""
    proxy = Proxy(port, pair, trust)
    try:
        yield proxy
    finally:
        proxy.close()


async def _carry_back(pipe: _Pipe) -> None:
    with suppress(OSError):
        while data := await pipe.from_server.read(CHUNK):
            if pipe.loses_answer:
                pipe.break_off()
                return
            pipe.to_client.write(data)
            await pipe.to_client.drain()
    pipe.to_client.close()  # in order: what was written still has to arrive


def _parsed(raw: bytes) -> _Head:
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    fields = (line.partition(":") for line in lines)
    return _Head(raw, first.rpartition(" ")[0], {name.strip().lower(): value.strip() for name, _, value in fields})


async def _body(reader: asyncio.StreamReader, head: _Head) -> bytes:
    if "chunked" not in head.fields.get("transfer-encoding", ""):
        return await reader.readexactly(int(head.fields.get("content-length", "0")))
    parts = []
    while True:
        line = await reader.readuntil(b"\r\n")
        parts += [line, await reader.readexactly(int(line.partition(b";")[0], 16) + 2)]
        if int(line.partition(b";")[0], 16) == 0:
            return b"".join(parts)
