"""Checkpoints in a file that is kept elsewhere: lines that are added and never changed."""

import os
from collections.abc import Sequence
from pathlib import Path

_TAIL = 64 * 1024


class CheckpointsUnusable(Exception):
    """The file cannot be read or written. The text says where it is and why."""


def is_gone(file: Path) -> bool:
    """Whether there is no such file; one that cannot be looked at may be there."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def last_line(file: Path) -> str:
    """Return the last line that is whole, empty where there is none; raises CheckpointsUnusable."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, opened.seek(0, os.SEEK_END) - _TAIL))
            whole = opened.read().decode("utf-8", "replace").split("\n")[:-1]
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unusable("read", file, error) from error
    return whole[-1] if whole else ""


def add_lines(file: Path, lines: Sequence[str]) -> None:
    """Add the lines, on the disk when it returns; raises CheckpointsUnusable."""
    try:
        with file.open("a+b") as opened:
            end = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, end - 1))
            # What was cut off by a power failure stays for people to see; what follows it is a line of its own.
            begin = b"" if not end or opened.read(1) == b"\n" else b"\n"
            opened.write(begin + "".join(f"{each}\n" for each in lines).encode())
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise _unusable("add to", file, error) from error


def lines_of(file: Path) -> Sequence[str]:
    """Return all lines that are not empty; raises CheckpointsUnusable."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise _unusable("read", file, error) from error
    return [each for each in text.splitlines() if each.strip()]


def _unusable(what: str, file: Path, error: OSError) -> CheckpointsUnusable:
    return CheckpointsUnusable(f"cannot {what} the checkpoints in {file}: {error.strerror or error}")
