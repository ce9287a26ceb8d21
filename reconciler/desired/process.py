"""A program run to its end within limits, with all that it started."""

import asyncio
import errno
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

MOST = 1024 * 1024 * 1024
"""How much a program may print where nothing else is said, in bytes."""

_GLANCE = 0.05
"""How often it is seen how much a program has printed, in seconds."""


class TooMuch(OSError):
    """A program has printed more than it may, and was ended."""

    def __init__(self, most: int) -> None:
        super().__init__(errno.EFBIG, f"it prints more than {most // 1024 // 1024} MiB")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program wrote, and its exit status."""

    status: int
    output: bytes
    errors: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a program runs: its folder, its whole environment, and how many seconds it may take and bytes print."""

    folder: Path
    environment: Mapping[str, str]
    limit: float
    most: int = MOST


async def run(command: Sequence[str], given: bytes, place: Place) -> Ended:
    """Run the program with ``given`` as its input; raise OSError when there is none, TimeoutError, TooMuch."""
    # All three are files. A program that ends without reading its input would make a pipe of it an error, or not, by
    # chance; and what it starts in the background (agents of gpg) may hold pipes open for ever, after it has ended.
    with TemporaryFile() as whole, TemporaryFile() as output, TemporaryFile() as errors:
        whole.write(given)
        whole.seek(0)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=whole,
            stdout=output,
            stderr=errors,
            cwd=place.folder,
            env=place.environment,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(place.limit):
                status = await _end(process, (output, errors), place.most)
        finally:
            if process.returncode is None:
                _kill(process.pid)
                await process.wait()
        return Ended(status, _all(output), _all(errors))


async def _end(process: Process, printed: Sequence[IO[bytes]], most: int) -> int:
    """Wait for its end, with an eye on what it prints; raise TooMuch."""
    ending = asyncio.ensure_future(process.wait())
    try:
        while True:
            ended, _ = await asyncio.wait([ending], timeout=_GLANCE)
            if any(os.fstat(each.fileno()).st_size > most for each in printed):
                raise TooMuch(most)
            if ended:
                return ending.result()
    finally:
        ending.cancel()


def _all(written: IO[bytes]) -> bytes:
    written.seek(0)
    return written.read()


def plain_environment() -> dict[str, str]:
    """Return our environment without what steers git and ssh, with messages in English."""
    steering = ("GIT_", "SSH_ASKPASS", "GNUPGHOME")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return kept | {"LC_ALL": "C.UTF-8"}


def _kill(leader: int) -> None:
    """End the program with the ssh or the server that it started."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
