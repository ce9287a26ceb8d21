"""A program of this machine: argv and no shell, bounded in time and in what it prints, ended with all it started."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

_CHUNK = 64 * 1024
_MOST_ERRORS = 64 * 1024
_LAST_WORDS = 5.0


class NotRun(Exception):
    """The program gave no answer. The text says why: it is not there, took too long, or printed too much."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The exit status, and what it printed; of the errors the first 64 KiB."""

    status: int
    output: bytes
    errors: bytes

    @property
    def complaint(self) -> str:
        """The last line of what it complained of."""
        lines = [line.strip() for line in self.errors.decode(errors="replace").splitlines() if line.strip()]
        shown = "".join(letter if letter.isprintable() else "?" for letter in lines[-1][:200]) if lines else ""
        return f": {shown}" if shown else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where it runs, all that it is told of its surroundings, how long it may take, and how much it may print."""

    folder: Path
    environment: Mapping[str, str]
    limit: timedelta
    most: int


async def run(command: Sequence[str], given: bytes, bounds: Bounds) -> Answered:
    """Run the program with ``given`` as its input; raise NotRun."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=bounds.folder,
            env=dict(bounds.environment),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise NotRun(f"cannot run {command[0]}: {getattr(error, 'strerror', None) or error}") from error
    try:
        async with asyncio.timeout(bounds.limit.total_seconds()):
            output, errors, _ = await asyncio.gather(
                _read(process.stdout, bounds.most), _read(process.stderr, _MOST_ERRORS), _feed(process.stdin, given)
            )
            if len(output) > bounds.most:
                raise NotRun(f"{command[0]} prints more than {bounds.most // 1024 // 1024} MiB")
            return Answered(await process.wait(), output, errors[:_MOST_ERRORS])
    except TimeoutError:
        raise NotRun(f"{command[0]} has not ended after {bounds.limit.total_seconds():g} s") from None
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it with all that it left behind in the background, which may hold its pipes open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS):
            await asyncio.gather(_read(process.stdout, 0), _read(process.stderr, 0))


async def _read(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """Read to the end, and keep little more than what is wanted."""
    found = bytearray()
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        found += chunk if len(found) <= most else b""
    return bytes(found)


async def _feed(stream: asyncio.StreamWriter | None, given: bytes) -> None:
    if stream is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(given)
        await stream.drain()
    stream.close()
