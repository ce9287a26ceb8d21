"""A port or socket of a target, through the SSH connection with it: as ``ssh -L``, but with nobody else on our side."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncssh

from reconciler.model.target import Host
from reconciler.ports.errors import Denied, Unreachable

_CHUNK = 64 * 1024


@asynccontextmanager
async def through(connection: asyncssh.SSHClientConnection, host: Host, port: int) -> AsyncIterator[socket.socket]:
    """Have a socket to ``localhost:port`` as the host sees it, for the time of the block.

    Raises ConnectionRefusedError when nobody is there, Denied, Unreachable.
    """
    async with _pumped(await _opened(connection, host, port)) as ours:
        yield ours


@asynccontextmanager
async def to_socket(connection: asyncssh.SSHClientConnection, host: Host, path: str) -> AsyncIterator[socket.socket]:
    """Have a socket to what listens at the path on the host, for the time of the block; raises as ``through`` does."""
    async with _pumped(await _opened(connection, host, path)) as ours:
        yield ours


@asynccontextmanager
async def _pumped(
    ends: tuple["asyncssh.SSHReader[bytes]", "asyncssh.SSHWriter[bytes]"],
) -> AsyncIterator[socket.socket]:
    reader, writer = ends
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.setblocking(False)  # noqa: FBT003 - its only name
    pumps = [asyncio.create_task(_up(theirs, writer)), asyncio.create_task(_down(reader, theirs))]
    try:
        yield ours
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        writer.channel.abort()
        theirs.close()
        ours.close()


async def _opened(
    connection: asyncssh.SSHClientConnection, host: Host, place: int | str
) -> tuple["asyncssh.SSHReader[bytes]", "asyncssh.SSHWriter[bytes]"]:
    try:
        if isinstance(place, str):
            return await connection.open_unix_connection(place, encoding=None)
        return await connection.open_connection("localhost", place, encoding=None)
    except asyncssh.ChannelOpenError as error:
        if error.code == asyncssh.OPEN_CONNECT_FAILED:
            raise ConnectionRefusedError(error.reason) from error
        if isinstance(place, str):
            raise Denied(
                f"{host.name} opens no socket for us ({error.reason}): its sshd has to allow it "
                "(AllowStreamLocalForwarding local)"
            ) from error
        raise Denied(
            f"{host.name} opens no port for us ({error.reason}): its sshd has to allow it (AllowTcpForwarding local), "
            "or the check asks from the controller"
        ) from error
    except (asyncssh.Error, OSError) as error:
        raise Unreachable(f"lost the connection to {host.name}: {error}") from error


async def _up(theirs: socket.socket, writer: "asyncssh.SSHWriter[bytes]") -> None:
    loop = asyncio.get_running_loop()
    try:
        while data := await loop.sock_recv(theirs, _CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (asyncssh.Error, OSError):
        return  # the other direction tells the reader of it


async def _down(reader: "asyncssh.SSHReader[bytes]", theirs: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    try:
        while data := await reader.read(_CHUNK):
            await loop.sock_sendall(theirs, data)
        theirs.shutdown(socket.SHUT_WR)
    except asyncssh.Error:
        theirs.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # nobody reads any more
