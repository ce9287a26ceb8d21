"""A port of a target, through the SSH connection with it: as ``ssh -L`` does, but with nobody else on our side."""

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
    reader, writer = await _opened(connection, host, port)
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
    connection: asyncssh.SSHClientConnection, host: Host, port: int
) -> tuple["asyncssh.SSHReader[bytes]", "asyncssh.SSHWriter[bytes]"]:
    try:
        return await connection.open_connection("localhost", port, encoding=None)
    except asyncssh.ChannelOpenError as error:
        if error.code == asyncssh.OPEN_CONNECT_FAILED:
            raise ConnectionRefusedError(error.reason) from error
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
