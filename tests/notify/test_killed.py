"""A process that tells people is killed again and again: each is told at least once, in order, none forgotten."""

import asyncio
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from reconciler.store.journal import SqliteStore
from tests.notify.telling import START
from tests.notify.test_delivering import moved

EVENTS = [moved(rollout, number) for number in range(60) for rollout in range(10)]
ROOT = Path(__file__).parents[2]


def lines(file: Path) -> list[list[str]]:
    text = file.read_text() if file.exists() else ""
    # What was being written when the process was killed has no end.
    return [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]


async def written(journal: Path) -> None:
    store = await SqliteStore.open(journal)
    await store.outbox.begin()
    await store.append(EVENTS, START)
    await store.close()


def test_whoever_is_killed_while_telling_goes_on_where_it_was(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path / "journal.db"))
    chance, killed = random.Random(3), 0
    while len({each[0] for each in lines(tmp_path / "told")}) < len(EVENTS):
        before = len(lines(tmp_path / "told"))
        enough = before + chance.randrange(1, 150)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.notify.teller", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            while len(told := lines(tmp_path / "told")) < enough and len({each[0] for each in told}) < len(EVENTS):
                time.sleep(0.01)
            process.kill()
        killed += 1

    by_thread = defaultdict(list)
    for _, thread, detail in lines(tmp_path / "told"):
        by_thread[thread].append(int(detail))
    assert killed >= 3
    assert len(by_thread) == 10
    for numbers in by_thread.values():
        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(60))
    assert len(lines(tmp_path / "told")) <= len(EVENTS) + 8 * killed, "no more twice than were under way"
