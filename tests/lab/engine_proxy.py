"""A socket in front of an engine's: it lets through what a rule allows, cuts connections, and answers in its place."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_VERSION = re.compile(r"^/v[0-9.]+(?=/)")
_MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: the path has neither version nor query."""

    method: str
    path: str

    @property
    def changes(self) -> bool:
        """Whether it is more than a question."""
        return self.method not in ("GET", "HEAD")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class EngineProxy:
    """What is between us and an engine; every field may be changed at any time.

    ``rule`` says which requests go through; the others are answered with 403. ``fault`` gives the status and the words
    of an answer in the engine's place. ``cut_at``: so many changing requests go through, and the next one is done, but
    its answer is lost, and nothing goes through any more. ``slow`` is how many seconds each request waits.
    """

    socket: Path
    rule: Callable[[Asked], bool] = lambda _: True
    fault: Callable[[Asked], tuple[int, str] | None] = lambda _: None
    cut_at: int | None = None
    slow: float = 0
    asked: list[Asked] = field(default_factory=list)
    refused: list[Asked] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def changing(self) -> list[Asked]:
        """The changing requests that went through."""
        return [each for each in self.asked if each.changes]

    def cut(self) -> None:
        """Break all connections that there are now."""
        for writer in self._open:
            writer.transport.abort()


@asynccontextmanager
async def in_front_of(engine: Path, folder: Path) -> AsyncIterator[EngineProxy]:
    """Have a proxy in front of the engine's socket for the time of the block."""
    proxy = EngineProxy(folder / "proxy.sock")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        proxy._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await _one(proxy, engine, reader, writer)
        finally:
            proxy._open.discard(writer)
            writer.close()

    server = await asyncio.start_unix_server(serve, proxy.socket, limit=_MOST)
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        proxy.socket.unlink(missing_ok=True)


async def _one(proxy: EngineProxy, engine: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass one request on; the connection ends with it, so that each is seen."""
    head = await reader.readuntil(b"\r\n\r\n")
    line, *headers = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = line.split(" ")
    asked = Asked(method, _VERSION.sub("", target.partition("?")[0]))
    await asyncio.sleep(proxy.slow)
    if not proxy.rule(asked):
        proxy.refused.append(asked)
        return await _answer(reader, writer, headers, 403, f"{asked} is not allowed here")
    if (fault := proxy.fault(asked)) is not None:
        return await _answer(reader, writer, headers, *fault)
    last = proxy.cut_at is not None and len(proxy.changing) == proxy.cut_at and asked.changes
    if proxy.cut_at is not None and len(proxy.changing) > proxy.cut_at:
        return None
    proxy.asked.append(asked)
    there, onward = await asyncio.open_unix_connection(engine)
    try:
        kept = [each for each in headers if not each.lower().startswith("connection:")]
        onward.write("\r\n".join([line, *kept, "Connection: close", "", ""]).encode("latin-1"))
        up = asyncio.create_task(_pump(reader, onward))
        if last:
            await there.read(1)
            writer.transport.abort()
        else:
            await _pump(there, writer)
        up.cancel()
    finally:
        onward.transport.abort()
    return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_MOST):
            writer.write(data)
            await writer.drain()


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Iterable[str], status: int, words: str
) -> None:
    for each in headers:
        name, _, value = each.partition(":")
        if name.lower() == "content-length":
            await reader.readexactly(int(value))
    body = f'{{"message": "{words}"}}'.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
