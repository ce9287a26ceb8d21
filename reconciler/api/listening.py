"""Where the API listens: a Unix socket that only its group may open, or TCP."""

import grp
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

NOBODYS = -1
"""No group: the socket keeps that of the daemon, and nothing is asked of the system, whose filters may refuse it."""

MODE = 0o660
BACKLOG = 512


class CannotListen(Exception):
    """There is no listening there. The text says where, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Unix:
    """A socket in the file system; ``group`` may open it beside our own user and root, None: the group we run as."""

    path: Path
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Tcp:
    """A host and a port (0: any that is free), with TLS when there is a certificate with its key, as PEM files."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


@contextmanager
def listening(where: Unix | Tcp) -> Iterator[tuple[socket.socket, str]]:
    """Listen for the time of the block; yields the socket and its address as a URL. Raises CannotListen."""
    try:
        with _at_path(where) if isinstance(where, Unix) else _at_port(where) as found:
            yield found
    except KeyError as error:
        raise CannotListen(f"there is no group {where.group}" if isinstance(where, Unix) else str(error)) from error


@contextmanager
def _at_path(where: Unix) -> Iterator[tuple[socket.socket, str]]:
    group = grp.getgrnam(where.group).gr_gid if where.group else NOBODYS
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _take(listener, where.path, group)
        mine = where.path.stat()
        try:
            yield listener, f"unix://{where.path}"
        finally:
            with suppress(FileNotFoundError):
                there = where.path.stat()
                if (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
                    where.path.unlink()
    finally:
        listener.close()


def _take(listener: socket.socket, path: Path, group: int) -> None:
    try:
        _make_way(path)
        # The file has these rights from its first moment on (Linux takes them from the socket), whatever umask says.
        os.fchmod(listener.fileno(), MODE)
        listener.bind(str(path))
        if group != NOBODYS:
            _give(path, group)
        path.chmod(MODE)
        listener.listen(BACKLOG)
    except OSError as error:
        raise CannotListen(f"cannot listen at {path}: {error.strerror or error}; set api.socket elsewhere") from error


def _give(path: Path, group: int) -> None:
    try:
        os.chown(path, -1, group)
    except OSError as error:
        raise CannotListen(
            f"cannot give {path} to the group {grp.getgrgid(group).gr_name}: {error.strerror}; the daemon has to be in "
            "that group (SupplementaryGroups= in its unit), to see it (PrivateUsers=no) and to be let "
            "(SystemCallFilter=@chown)"
        ) from error


def _make_way(path: Path) -> None:
    """Take away the socket of a process that has died; what is no socket is somebody's, and one that answers too."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise CannotListen(f"{path} is there and no socket; move it, or set api.socket elsewhere")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            try:
                other.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
                return
        raise CannotListen(f"another process listens at {path}; stop it, or set api.socket elsewhere")


@contextmanager
def _at_port(where: Tcp) -> Iterator[tuple[socket.socket, str]]:
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    # Named TCP, so that asyncio knows it for that and sends without delay: else an answer waits 40 ms for an
    # acknowledgement of its head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((where.host, where.port))
            listener.listen(BACKLOG)
        except OSError as error:
            named = f"{where.host}:{where.port}"
            raise CannotListen(
                f"cannot listen at {named}: {error.strerror or error}; set api.tcp.listen elsewhere"
            ) from error
        scheme = "https" if where.certificate else "http"
        host = f"[{where.host}]" if family == socket.AF_INET6 else where.host
        yield listener, f"{scheme}://{host}:{listener.getsockname()[1]}"
    finally:
        listener.close()
