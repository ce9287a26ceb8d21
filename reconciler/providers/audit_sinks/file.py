"""Messages as lines of a file that others may take away at any time, as logrotate does."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from reconciler.ports.errors import Denied, Unreachable


class File:
    """Appends each message as a line, on the disk before it is said to be sent."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, messages: Sequence[bytes]) -> None:
        """Append them; a line that was cut off before stays alone and is written again, whole."""
        await asyncio.to_thread(self._append, messages)

    async def close(self) -> None:
        """There is nothing to end: each time the file is opened anew."""

    def _append(self, messages: Sequence[bytes]) -> None:
        try:
            number = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
            with os.fdopen(number, "r+b", buffering=0) as file:
                whole = b"".join(each + b"\n" for each in messages)
                _write(number, (b"" if _ends_a_line(number) else b"\n") + whole)
                os.fsync(file.fileno())
        except PermissionError as error:
            raise Denied(f"cannot write {self._path}: {error.strerror}") from error
        except OSError as error:
            raise Unreachable(f"cannot write {self._path}: {error.strerror or error}") from error


def _ends_a_line(number: int) -> bool:
    size = os.fstat(number).st_size
    return size == 0 or os.pread(number, 1, size - 1) == b"\n"


def _write(number: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(number, left) :]
