"""Segments of the archive written to files, so that after a crash there is a whole one or none."""

import fcntl
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reconciler.ports.errors import Broken, Busy, Denied, Unreachable, WorldError
from reconciler.providers.sealing import opened, sealed

SEALED = ".age"
ASIDE = ".aside"
"""A file that nobody recorded is put aside under this name, and never taken away."""
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; no entry is so long."""
_LOCK = ".lock"


class SegmentFiles:
    """The folder of the archive; new files are sealed for the recipients, where there are any. Raises WorldError."""

    def __init__(self, folder: Path, recipients: Sequence[str]) -> None:
        self._folder = folder
        self._recipients = recipients

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only process that archives there for the time of the block; the folder is made where need be."""
        with _told(f"cannot use the folder of the archive {self._folder}"):
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(f"another process archives to {self._folder} now; wait for it") from error
            yield
        finally:
            os.close(lock)

    def put(self, name: str, lines: Iterable[str]) -> tuple[str, list[str]]:
        """Write the lines to a file; return the digest of its bytes, and the lines as they read back from it.

        What is sealed cannot be opened here: its bytes are read back, and its lines from what was sealed.
        """
        data = gzip.compress("".join(lines).encode(), mtime=0)
        kept = sealed(data, self._recipients) if self._recipients else data
        path = self._folder / name
        with _told(f"cannot write the segment {path}"):
            if path.exists():
                # A run before this one was killed between the file and the record of it.
                path.replace(path.with_name(f"{name}{ASIDE}"))
            new = path.with_name(f".{name}.new")
            _write(new, kept)
            found = new.read_bytes()
            if found != kept:
                raise Broken(f"cannot write the segment {path}: what lies there is not what was written")
            there = list(_lines(io.BytesIO(data if self._recipients else found)))
            new.replace(path)
            _sync(self._folder)
        return _digest(found), there

    def digest(self, name: str) -> str:
        """Return the digest of a file's bytes."""
        with _told(f"cannot read the segment {self._folder / name}"), (self._folder / name).open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def lines_of(path: Path, identity: Path | None) -> Iterator[str]:
    """Yield the lines of a segment, opened with the private keys in that file where it is sealed; raise WorldError."""
    with _told(f"cannot read the segment {path}"), path.open("rb") as file:
        if not path.name.endswith(SEALED):
            yield from _lines(file)
            return
        data = file.read()
    if identity is None:
        raise Denied(f"the segment {path.name} is sealed; name the file with a private key to it (--identity)")
    data = opened(data, identity)
    with _told(f"cannot read the segment {path}"):
        yield from _lines(io.BytesIO(data))


def _lines(packed: BinaryIO) -> Iterator[str]:
    """Yield line after line: a few bytes may stand for more than there is memory."""
    with gzip.GzipFile(fileobj=packed) as file:
        # Only at a newline: what somebody wrote may hold other signs that Unicode counts as ends of lines.
        while line := file.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise ValueError(f"a line of it is longer than {LONGEST_LINE} bytes, which no entry is")
            yield line.decode()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise Denied(f"{what}: {error.strerror}") from error
    except FileNotFoundError as error:
        raise Unreachable(f"{what}: it is missing") from error
    except EOFError as error:
        raise Broken(f"{what}: it is cut off") from error
    except (OSError, ValueError, zlib.error) as error:
        raise _broken(what, error) from error


def _broken(what: str, error: Exception) -> WorldError:
    reason = getattr(error, "strerror", None) or error
    return Broken(f"{what}: {reason}")
