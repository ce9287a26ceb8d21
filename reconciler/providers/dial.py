"""A stream to a port of a target: straight from here, or through the connection that is kept with the target anyway."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from reconciler.model.health import Origin, Tls
from reconciler.model.target import Host

Stream: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Closed(Exception):
    """Nobody answers there as is expected: a word about the app, and none about the target. The text says why."""


class Tunnel(Protocol):
    """Opens ports as the target itself would; nothing is needed there but its SSH server."""

    async def reach(self, host: Host) -> None:
        """Have the connection with the target open; raise WorldError."""
        ...

    def through(self, host: Host, port: int) -> AbstractAsyncContextManager[socket.socket]:
        """Have a socket to ``localhost:port`` as the target sees it, for the time of the block.

        Raises WorldError when the target cannot be asked, ConnectionRefusedError when nobody is there.
        """
        ...


@dataclass(frozen=True, slots=True)
class Encryption:
    """TLS with a server that is asked for by ``name``; ``protocols`` is what may be spoken in it (ALPN)."""

    tls: Tls
    name: str
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Door:
    """A port of a target, from where it is opened, and whether TLS is spoken there."""

    host: Host
    port: int
    origin: Origin
    encryption: Encryption | None = None

    @property
    def authority(self) -> str:
        """How the app is asked for, ``address:port``: the same wherever the question comes from."""
        address = self.host.address
        return f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return self.authority if self.origin is Origin.CONTROLLER else f"localhost:{self.port} on {self.host.name}"


class Dial:
    """Opens doors of targets."""

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel

    async def reach(self, door: Door) -> None:
        """Do what has to be done before the door can be tried, and is no fault of the app; raise WorldError."""
        if door.origin is Origin.TARGET:
            await self._tunnel.reach(door.host)

    @asynccontextmanager
    async def open(self, door: Door) -> AsyncIterator[Stream]:
        """Have a stream for the time of the block; raise Closed, and WorldError when the target cannot be asked."""
        try:
            if door.origin is Origin.TARGET:
                async with self._tunnel.through(door.host, door.port) as there, _stream(door, sock=there) as stream:
                    yield stream
            else:
                async with _stream(door, host=door.host.address, port=door.port) as stream:
                    yield stream
        except ConnectionRefusedError as error:
            raise Closed(f"connection refused by {door.place}") from error
        except ssl.SSLCertVerificationError as error:
            name = door.encryption.tls.server_name or door.encryption.name if door.encryption else ""
            raise Closed(f"the certificate of {door.place} is not valid for {name}: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise Closed(f"no TLS with {door.place}: {error.reason or error}") from error
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed(f"cannot connect to {door.place}: {error.strerror or 'the connection was closed'}") from error


@asynccontextmanager
async def _stream(door: Door, **where: Any) -> AsyncIterator[Stream]:
    if door.encryption:
        where |= {"ssl": _context(door.encryption.tls, door.encryption.protocols)}
        where |= {"server_hostname": door.encryption.tls.server_name or door.encryption.name}
    reader, writer = await asyncio.open_connection(**where)
    try:
        yield reader, writer
    finally:
        # Whoever is asked may be silent for ever: nothing is waited for, not even the end of TLS.
        writer.transport.abort()


@lru_cache(maxsize=256)
def _context(tls: Tls, protocols: tuple[str, ...]) -> ssl.SSLContext:
    """Kept, because to read the authorities of a machine takes longer than most checks."""
    context = ssl.create_default_context(cadata=tls.ca)
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    return context
