"""How an engine is reached: a socket of this machine, TLS, or a socket of a Host through its SSH connection."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol, assert_never

from reconciler.model.target import DockerEngine, Host, HostSocket, Swarm, TlsSocket, UnixSocket
from reconciler.ports.errors import Denied, TimedOut, Unreachable
from reconciler.ports.secrets import Secrets
from reconciler.providers import client_tls
from reconciler.providers.docker.streams import Opening, Stream
from reconciler.providers.secret_use import used

CONNECT_LIMIT = 10.0
_NOTICES_A_CUT = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


class SocketTunnel(Protocol):
    """Opens sockets of a Host as its own user would; nothing is needed there but its SSH server."""

    def to_socket(self, host: Host, path: str) -> AbstractAsyncContextManager[socket.socket]:
        """Have a socket to what listens at the path on the host, for the time of the block.

        Raises WorldError when the host cannot be asked, ConnectionRefusedError when nobody answers there.
        """
        ...


def door(target: DockerEngine | Swarm, tunnel: SocketTunnel, secrets: Secrets) -> Opening:
    """Return what opens streams to the engine; raise Denied when its TLS key cannot be had or used."""
    match target.endpoint:
        case UnixSocket(path=path):
            return partial(_unix, target.name, path)
        case TlsSocket() as endpoint:
            return partial(_tls, target.name, endpoint, _context(target.name, endpoint, secrets))
        case HostSocket(host=host, path=path):
            return partial(_through, target.name, tunnel, host, path)
        case _:
            assert_never(target.endpoint)


@asynccontextmanager
async def _unix(name: str, path: str) -> AsyncIterator[Stream]:
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            reader, writer = await asyncio.open_unix_connection(path)
    except TimeoutError as error:
        raise TimedOut(f"{name} does not answer: nobody takes the connection to {path}") from error
    except FileNotFoundError as error:
        raise Unreachable(f"cannot reach {name}: there is no {path} on this machine; does dockerd run?") from error
    except ConnectionRefusedError as error:
        raise Unreachable(f"cannot reach {name}: nobody listens at {path}; does dockerd run?") from error
    except PermissionError as error:
        raise Denied(
            f"may not use {path} for {name}: give the user of the daemon the right to read and write it, best of all a "
            "socket that allows only what is needed"
        ) from error
    except OSError as error:
        raise Unreachable(f"cannot reach {name} at {path}: {error.strerror or error}") from error
    async with _closing(reader, writer) as stream:
        yield stream


@asynccontextmanager
async def _tls(name: str, endpoint: TlsSocket, context: ssl.SSLContext) -> AsyncIterator[Stream]:
    where = f"{endpoint.host}:{endpoint.port}"
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=context)
        _notice_a_cut(writer)
    except TimeoutError as error:
        raise TimedOut(f"{name} ({where}) does not answer within {CONNECT_LIMIT:g} s") from error
    except ssl.SSLCertVerificationError as error:
        raise Denied(
            f"{name} ({where}) is not the engine we know: its certificate is not from the authority in ca, or not for "
            f"{endpoint.host}: {error.verify_message}; nothing was sent"
        ) from error
    except ssl.SSLError as error:
        raise Denied(
            f"{name} ({where}) refuses us: {error.reason or error}; is our certificate from its CA?"
        ) from error
    except ConnectionRefusedError as error:
        raise Unreachable(f"cannot reach {name} ({where}): connection refused; does dockerd listen there?") from error
    except socket.gaierror as error:
        raise Unreachable(f"cannot reach {name}: the name {endpoint.host} cannot be resolved") from error
    except OSError as error:
        raise Unreachable(f"cannot reach {name} ({where}): {error.strerror or error}") from error
    async with _closing(reader, writer) as stream:
        yield stream


def _notice_a_cut(writer: asyncio.StreamWriter) -> None:
    """Have the system ask whether the other one is still there: events may not come for days."""
    way = writer.get_extra_info("socket")
    for level, option, value in _NOTICES_A_CUT:
        way.setsockopt(level, option, value)


@asynccontextmanager
async def _through(name: str, tunnel: SocketTunnel, host: Host, path: str) -> AsyncIterator[Stream]:
    try:
        async with tunnel.to_socket(host, path) as there:
            reader, writer = await asyncio.open_connection(sock=there)
            async with _closing(reader, writer) as stream:
                yield stream
    except ConnectionRefusedError as error:
        raise Unreachable(
            f"cannot reach {name}: {host.user} on {host.name} cannot use {path}; does dockerd run there, and may "
            f"{host.user} use its socket?"
        ) from error


@asynccontextmanager
async def _closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[Stream]:
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _context(name: str, endpoint: TlsSocket, secrets: Secrets) -> ssl.SSLContext:
    key = used(secrets, endpoint.key, f"cannot log in to {name}", Denied)
    try:
        return client_tls.context(endpoint.ca, endpoint.certificate, key)
    except ValueError as error:
        raise Denied(
            f"cannot log in to {name}: ca, certificate and the secret {endpoint.key} have to be PEM, and the key that "
            f"of the certificate ({error})"
        ) from error
