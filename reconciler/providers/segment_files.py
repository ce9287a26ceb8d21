"""Segments of the archive as files of compressed lines. They may come from anywhere: nothing in them is trusted."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

LONGEST_LINE = 64 * 1024 * 1024
"""Characters; no entry is so long, and whoever sends one shall not fill our memory."""


class CannotRead(Exception):
    """A file is not there, or is not whole. The text says why."""


def lines_in(file: Path) -> Iterator[str]:
    """Yield the lines of a compressed file, each with its newline; raises CannotRead."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") as opened:
            while line := opened.readline(LONGEST_LINE):
                yield line
    except FileNotFoundError as error:
        raise CannotRead("it is missing") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CannotRead(f"it cannot be read: {error}") from error
