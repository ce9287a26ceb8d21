"""One host's kept connection: opened when it is needed, and not tried again too soon when that failed."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import asyncssh

from reconciler.model.target import Host
from reconciler.ports.errors import Broken, Denied, TimedOut, Unreachable, WorldError, WrongHostKey
from reconciler.providers.ssh_options import KeyWatcher, pinned_key

Jump: TypeAlias = Callable[[], Awaitable[asyncssh.SSHClientConnection]]
"""Gives the open connection that carries ours."""

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
# OpenSSH allows ten sessions a connection (MaxSessions): one is the kept shell's, one that of a watch.
_SESSIONS = 8


class Line:
    """The way to one host. ``sessions`` bounds how many scripts run on it at once.

    After a failed attempt every further one fails at once with the same error, for a moment that grows to 30 s:
    a dead host costs a pass nothing.
    """

    def __init__(
        self,
        host: Host,
        common: asyncssh.SSHClientConnectionOptions,
        handshakes: asyncio.Semaphore,
        jump: Jump | None,
    ) -> None:
        self.host = host
        self.sessions = asyncio.Semaphore(_SESSIONS)
        self._handshakes = handshakes
        self._jump = jump
        self._lock = asyncio.Lock()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._failure: WorldError | None = None
        self._wait = _FIRST_WAIT
        self._retry_at = 0.0
        self._seconds = float(common.login_timeout)
        self._watcher = KeyWatcher()
        self._common = common
        self._options: asyncssh.SSHClientConnectionOptions | None = None

    async def connection(self) -> asyncssh.SSHClientConnection:
        """Return the open connection, opening it first where needed; raise WorldError."""
        async with self._lock:
            if self._connection is not None and not self._connection.is_closed():
                return self._connection
            self._connection = None
            now = asyncio.get_running_loop().time()
            if self._failure is not None and now < self._retry_at:
                raise type(self._failure)(str(self._failure))
            try:
                self._connection = await self._open()
            except WorldError as error:
                self._failure = error
                self._retry_at = asyncio.get_running_loop().time() + self._wait
                self._wait = min(self._wait * 2, _LONGEST_WAIT)
                raise
            self._failure, self._wait = None, _FIRST_WAIT
            return self._connection

    def drop(self, connection: asyncssh.SSHClientConnection) -> None:
        """Forget a connection that turned out to be dead, so that the next call opens another."""
        connection.abort()
        if self._connection is connection:
            self._connection = None

    async def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            try:
                async with asyncio.timeout(self._seconds):
                    await connection.wait_closed()
            except TimeoutError:
                connection.abort()

    async def _open(self) -> asyncssh.SSHClientConnection:
        # The jump host comes before the limits: it has its own, and it must not wait for a slot that we hold.
        tunnel = await self._jump() if self._jump else None
        self._watcher.shown = None
        try:
            if self._options is None:
                self._options = self._own_options()
            if tunnel is not None:
                return await self._login(tunnel=tunnel)
            return await self._login(sock=await self._dial())
        except (asyncssh.Error, OSError) as error:
            raise _translated(self.host, error, self._watcher.shown, self._seconds) from error

    def _own_options(self) -> asyncssh.SSHClientConnectionOptions:
        key = pinned_key(self.host)
        return asyncssh.SSHClientConnectionOptions(
            self._common,
            username=self.host.user,
            known_hosts=([key], [], []),
            client_factory=lambda: self._watcher,
        )

    async def _dial(self) -> socket.socket:
        """Open the TCP connection outside the handshake slots, so that dead hosts do not keep living ones waiting."""
        loop = asyncio.get_running_loop()
        failure: OSError = OSError("the name has no address")
        async with asyncio.timeout(self._seconds):
            found = await loop.getaddrinfo(self.host.address, self.host.port, type=socket.SOCK_STREAM)
            for family, kind, protocol, _, address in found:
                sock = socket.socket(family, kind, protocol)
                sock.setblocking(False)  # noqa: FBT003 - its only name
                try:
                    await loop.sock_connect(sock, address)
                except OSError as error:
                    sock.close()
                    failure = error
                except BaseException:
                    sock.close()
                    raise
                else:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return sock
        raise failure

    async def _login(
        self, *, sock: socket.socket | None = None, tunnel: asyncssh.SSHClientConnection | None = None
    ) -> asyncssh.SSHClientConnection:
        try:
            async with self._handshakes, asyncio.timeout(self._seconds):
                if sock is not None:
                    return await asyncssh.connect(sock=sock, options=self._options)
                return await asyncssh.connect(
                    self.host.address, self.host.port, tunnel=tunnel or (), options=self._options
                )
        except BaseException:
            if sock is not None:
                sock.close()
            raise


def _translated(host: Host, error: Exception, shown: asyncssh.SSHKey | None, seconds: float) -> WorldError:
    where = f"cannot connect to {host.name} ({host.address}:{host.port})"
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return _wrong_key(host, shown.get_fingerprint() if shown else f"one we cannot read ({error})")
        case asyncssh.KeyExchangeFailed() if "host key" in str(error):
            return _wrong_key(host, f"none of the pinned type ({error})")
        case asyncssh.KeyExchangeFailed():
            return Broken(f"{where}: no algorithm both sides know: {error}")
        case asyncssh.PermissionDenied():
            return Denied(
                f"cannot log in to {host.name} as {host.user}: none of our keys is accepted; "
                f"add our public key to the authorized_keys of {host.user} there ({error})"
            )
        case TimeoutError():
            return TimedOut(f"{where}: no answer within {seconds:g} s; is the host up, and does a firewall let us in?")
        case _:
            return Unreachable(f"{where}: {_network_reason(host, error)}")


def _network_reason(host: Host, error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused; is sshd running?"
        case socket.gaierror():
            return f"the name {host.address} cannot be resolved: {error.strerror}"
        case OSError():
            return error.strerror or str(error)
        case _:
            return str(error)


def _wrong_key(host: Host, shown: str) -> WrongHostKey:
    return WrongHostKey(
        f"{host.name} ({host.address}:{host.port}) is not the host we know: "
        f"its key should be {pinned_key(host).get_fingerprint()}, it shows {shown}; nothing was sent. "
        f"If the host was set up anew, put its new key into hostKey; if not, somebody may be in between"
    )
