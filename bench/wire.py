"""What goes over the wire: a proxy before the hosts that counts bytes and changes of direction, and can add delay."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from bench.hosts import Hosts


@dataclass(slots=True)
class Traffic:
    """All connections to all hosts together: bytes to them, bytes from them, and how often the direction changed."""

    up: int = 0
    down: int = 0
    turns: int = 0
    connections: int = 0

    def clear(self) -> None:
        """Begin anew."""
        self.up = self.down = self.turns = self.connections = 0


@dataclass(slots=True)
class _Way:
    """One connection: which way the last bytes went."""

    last: str = ""


@contextmanager
def counting(hosts: Hosts, delay: float) -> Iterator[Traffic]:
    """Have the proxy up for the time of the block. ``delay`` is that of one way, in seconds."""
    traffic = Traffic()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="wire")
    thread.start()
    servers = asyncio.run_coroutine_threadsafe(_open(hosts, traffic, delay), loop).result(30)
    try:
        yield traffic
    finally:
        asyncio.run_coroutine_threadsafe(_close(servers), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(hosts: Hosts, traffic: Traffic, delay: float) -> list[asyncio.Server]:
    def proxy(address: str) -> asyncio.Future[asyncio.Server]:
        async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            traffic.connections += 1
            there_reader, there_writer = await asyncio.open_connection(address, hosts.behind)
            way = _Way()
            # What is still open when the proxy ends is cut off; asyncio's streams would complain of it at length.
            with suppress(asyncio.CancelledError):
                await asyncio.gather(
                    _pass_on(reader, there_writer, traffic, ("up", way, delay)),
                    _pass_on(there_reader, writer, traffic, ("down", way, delay)),
                )

        return asyncio.ensure_future(asyncio.start_server(met, address, hosts.port))

    return list(await asyncio.gather(*(proxy(host.address) for host in hosts.all)))


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic, how: tuple[str, _Way, float]
) -> None:
    direction, way, delay = how
    loop = asyncio.get_running_loop()
    while data := await _read(reader):
        setattr(traffic, direction, getattr(traffic, direction) + len(data))
        if way.last != direction:
            way.last = direction
            traffic.turns += 1
        loop.call_later(delay, writer.write, data) if delay else writer.write(data)
    loop.call_later(delay + 0.05, writer.close)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65536)
    except ConnectionError:
        return b""


async def _close(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    for task in left:
        with suppress(asyncio.CancelledError):
            await task
