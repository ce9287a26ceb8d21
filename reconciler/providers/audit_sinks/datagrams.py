"""Messages as datagrams: syslog over UDP or the machine's own socket, and journald. Nobody says that they arrived."""

import asyncio
import errno
import fcntl
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from reconciler.ports.errors import Denied, Refused, Unreachable, WorldError

_WITHIN = 10.0
_SEALS = fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
Address: TypeAlias = Path | tuple[str, int]


class Datagrams:
    """Sends each message as one datagram, to a Unix socket or to a host and a port (UDP)."""

    def __init__(self, to: Address) -> None:
        self._to = to

    async def send(self, messages: Sequence[bytes]) -> None:
        """Hand them to the socket; raise WorldError when one is not taken."""
        await asyncio.to_thread(self._send, messages)

    async def close(self) -> None:
        """There is nothing to end: each time has a socket of its own."""

    def _send(self, messages: Sequence[bytes]) -> None:
        try:
            family, address = _resolved(self._to)
            with socket.socket(family, socket.SOCK_DGRAM) as opened:
                opened.settimeout(_WITHIN)
                opened.connect(address)
                for each in messages:
                    self._one(opened, each)
        except OSError as error:
            raise _translated(error, f"cannot send to {_shown(self._to)}") from error

    def _one(self, opened: socket.socket, message: bytes) -> None:
        opened.send(message)


class Journald(Datagrams):
    """journald, in its native protocol: what is too large for a datagram is handed over as a sealed file."""

    def _one(self, opened: socket.socket, message: bytes) -> None:
        try:
            opened.send(message)
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                raise
            _hand_over(opened, message)


def _hand_over(opened: socket.socket, message: bytes) -> None:
    number = os.memfd_create("reconciler", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(number, "wb") as file:
        file.write(message)
        file.flush()
        # journald maps the file, so it takes none that could still change.
        fcntl.fcntl(file.fileno(), *_SEALS)
        socket.send_fds(opened, [b""], [file.fileno()])


def _resolved(to: Address) -> tuple[int, str | tuple[str, int]]:
    if isinstance(to, Path):
        return socket.AF_UNIX, str(to)
    # A name may be another machine by now, so it is looked up each time.
    family, _, _, _, address = socket.getaddrinfo(*to, type=socket.SOCK_DGRAM)[0]
    return family, (str(address[0]), int(address[1]))


def _shown(to: Address) -> str:
    return str(to) if isinstance(to, Path) else f"{to[0]}:{to[1]} (UDP)"


def _translated(error: OSError, what: str) -> WorldError:
    reason = f"{what}: {error.strerror or error}"
    if error.errno == errno.EMSGSIZE:
        return Refused(reason)
    return Denied(reason) if isinstance(error, PermissionError) else Unreachable(reason)
