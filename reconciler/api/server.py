"""The HTTP server inside our own loop: uvicorn, which neither takes our signals nor ends our process."""

import asyncio
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import ClassVar

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.api.listening import CannotListen, Tcp, Unix, listening
from reconciler.api.problem import MEDIA_TYPE, problem_body
from reconciler.ports.identities import Peer

LARGEST_HEAD = 32 * 1024
HEAD_WITHIN = 10.0
"""Seconds after which a connection is closed that has not sent the head of a request."""
IDLE_WITHIN = 60
LEAVE_WITHIN = 1
"""Seconds that requests under way have when we leave; streams of events are cut off then, and resumed elsewhere."""

_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid


class Connections:
    """How many connections there are, in all and from each address."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._each = max(1, most // 2)
        self._of: Counter[str] = Counter()

    def come(self, address: str) -> bool:
        """Count one more; return whether there may be: nobody alone takes more than half."""
        if self._of.total() >= self._most or (address and self._of[address] >= self._each):
            return False
        self._of[address] += 1
        return True

    def gone(self, address: str) -> None:
        """Count one less."""
        self._of[address] -= 1
        if self._of[address] <= 0:
            del self._of[address]


class Counted(H11Protocol):
    """One connection: counted, given up when no request comes, and with who is at the other end of a Unix socket."""

    counting: ClassVar[Connections]
    _address: str | None = None
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, or close it when there are too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self.counting.come(address):
            transport.abort()
            return
        self._address = address
        self._wait_for_head()
        if peer := _peer(transport):
            self.app_state = {**self.app_state, "peer": peer}

    def data_received(self, data: bytes) -> None:
        """Take what came; a head has to be whole within its time, however slowly its bytes come."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._waiting is None and self.conn.trailing_data[0]:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no longer."""
        super().connection_lost(exc)
        self._stop_waiting()
        if self._address is not None:
            self.counting.gone(self._address)
            self._address = None

    def send_400_response(self, msg: str) -> None:
        """Answer to what is no HTTP; nothing is known of who sent it, and nothing of it is logged or told."""
        body = problem_body(400, "this is not HTTP/1.1", "about:blank")
        head = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))), ("Connection", "close")]
        for event in (h11.Response(status_code=400, headers=head), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._waiting = self.loop.call_later(HEAD_WITHIN, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def _peer(transport: asyncio.Transport) -> Peer | None:
    """Who is at the other end of a Unix socket, as the kernel knows it since they connected."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(told)
    return Peer(uid=uid, gid=gid, pid=pid)


class _Embedded(uvicorn.Server):
    """A server that is told to leave by us, and not by signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave all signals to the daemon."""
        yield


@asynccontextmanager
async def served(app: ASGIApp, where: Unix | Tcp, connections: int) -> AsyncIterator[str]:
    """Serve the application for the time of the block; yields the address. Raises CannotListen."""
    context = _tls(where) if isinstance(where, Tcp) and where.certificate else None
    with listening(where) as (bound, address):
        config = uvicorn.Config(
            app,
            http=type("Counted", (Counted,), {"counting": Connections(connections)}),
            ws="none",
            lifespan="off",
            log_config=None,
            # What strangers send that is no HTTP would fill the log.
            log_level="error",
            access_log=False,
            # Who believes these headers of anybody lets anybody be at any address.
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_keep_alive=IDLE_WITHIN,
            timeout_graceful_shutdown=LEAVE_WITHIN,
            ssl_context_factory=(lambda *_: context) if context else None,
        )
        server = _Embedded(config)
        serving = asyncio.create_task(server.serve(sockets=[bound]), name=f"api at {address}")
        try:
            while not server.started and not serving.done():
                await asyncio.wait([serving], timeout=0.01)
            if serving.done():
                await serving
            yield address
        finally:
            server.should_exit = True
            await asyncio.wait([serving])
            if not serving.cancelled() and (error := serving.exception()):
                raise error


def _tls(where: Tcp) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(_file(where.certificate), where.key)
    except (OSError, ssl.SSLError) as error:
        raise CannotListen(f"cannot use {where.certificate} with {where.key}: {error}; are both PEM files?") from error
    return context


def _file(path: Path | None) -> Path:
    if path is None:
        raise AssertionError("internal error: TLS needs a certificate")
    return path
