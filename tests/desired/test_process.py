"""Programs that are run: their end is what counts, whatever they leave behind."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.desired.process import Ended, Place, TooMuch, run

SOON = 5
"""Seconds; what is left behind in these tests lives for many more."""


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Path]:
    """A file for the process id of what is left behind, which is ended after the test."""
    written = tmp_path / "pid"
    yield written
    os.kill(int(written.read_text()), signal.SIGKILL)


def place(folder: Path, limit: float = 30) -> Place:
    return Place(folder=folder, environment=dict(os.environ), limit=limit)


async def test_what_it_writes_and_how_it_ends_is_told(tmp_path: Path) -> None:
    ended = await run(["sh", "-c", "cat; echo no >&2; exit 3"], b"yes\n", place(tmp_path))

    assert ended == Ended(3, b"yes\n", b"no\n")


async def test_its_end_is_enough_though_what_it_started_holds_its_output_open(left: Path, tmp_path: Path) -> None:
    script = f"setsid sh -c 'echo $$ > {left}; exec sleep 600' & until [ -s {left} ]; do :; done; echo done"

    async with asyncio.timeout(SOON):
        ended = await run(["sh", "-c", script], b"", place(tmp_path))

    assert ended == Ended(0, b"done\n", b"")


async def test_the_limit_holds_though_what_it_started_has_got_away(left: Path, tmp_path: Path) -> None:
    script = f"setsid sh -c 'echo $$ > {left}; exec sleep 600' & until [ -s {left} ]; do :; done; sleep 600"

    async with asyncio.timeout(SOON):
        with pytest.raises(TimeoutError):
            await run(["sh", "-c", script], b"", place(tmp_path, limit=0.5))


async def test_who_prints_without_end_is_ended(tmp_path: Path) -> None:
    where = Place(folder=tmp_path, environment=dict(os.environ), limit=60, most=2 * 1024 * 1024)

    with pytest.raises(TooMuch, match="it prints more than 2 MiB"):
        await run(["sh", "-c", "exec yes"], b"", where)
