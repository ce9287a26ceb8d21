"""How long questions to a large record take: ``python -m bench.audit [--events 1000000] [--folder DIR]``.

The journal is made first, linked as the daemon links it: 200 units, 20 people, 90 days; then each question is asked
seven times, and the median is told beside the slowest.
"""

import argparse
import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from reconciler.daemon.audit_records import all_records
from reconciler.model.chain import BEGINNING, link
from reconciler.model.event import Assessed, Event, Paused, StepEnded, StepStarted
from reconciler.model.identity import UnitId
from reconciler.model.question import Question
from reconciler.model.rollout import StepRecord, StepState
from reconciler.store.entries import columns, row_of
from reconciler.store.journal import SqliteStore

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=90)
UNITS = [UnitId(f"app-{number % 50}", ("staging", "production", "test", "demo")[number % 4]) for number in range(200)]
TIMES = 7


def events(number: int) -> Iterator[tuple[datetime, Event]]:
    for each in range(number):
        at, unit = BEGIN + SPAN * each / number, UNITS[each * 7919 % len(UNITS)]
        state = StepState.FAILED if each % 50 == 7 else StepState.SUCCEEDED
        step = StepRecord(plan="", index=0, state=state, attempt=1, started_at=at, ended_at=at)
        match each % 10:
            case 0:
                yield at, Paused(unit=unit, author=f"person-{each % 20}", reason=f"ticket {each}")
            case 1 | 2 | 3:
                yield at, Assessed(unit=unit, commit="c" * 40, digest="d", version="1", in_sync=True, waiting=None)
            case 4 | 5 | 6:
                yield at, StepStarted(rollout=f"r{each // 50}", unit=unit, record=step, what="apply to web-1")
            case _:
                detail = f"took {each} ms"
                yield at, StepEnded(rollout=f"r{each // 50}", unit=unit, record=step, what="apply", detail=detail)


async def fill(path: Path, number: int) -> None:
    await (await SqliteStore.open(path)).close()
    names = [*columns(row_of(1, Paused(unit=None, author="", reason=""), BEGIN)), "link"]
    into = f"INSERT INTO event ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"

    def rows() -> Iterator[dict[str, object]]:
        tied = BEGINNING
        for each, (at, event) in enumerate(events(number), start=1):
            row = row_of(each, event, at)
            tied = link(tied, row)
            yield {**columns(row), "link": tied}

    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.executemany(into, rows())


MIDDLE = BEGIN + SPAN / 2
QUESTIONS = {
    "unit, one day": Question(unit=str(UNITS[3]), since=MIDDLE, until=MIDDLE + timedelta(days=1)),
    "unit, all time": Question(unit=str(UNITS[3])),
    "environment, one week": Question(environment="production", since=MIDDLE, until=MIDDLE + timedelta(days=7)),
    "actor, all time": Question(actor="person-0"),
    "all, one hour": Question(since=MIDDLE, until=MIDDLE + timedelta(hours=1)),
    "failed, all units": Question(outcome="failed"),
    "one type, all units": Question(type="paused"),
    "unit and text": Question(unit=str(UNITS[3]), text="ticket 5"),
    "text that is nowhere, 200,000 looked at": Question(text="there is no such text"),
}


async def measure(path: Path) -> None:
    store = SqliteStore.open_read_only(path)
    try:
        for name, question in QUESTIONS.items():
            took = []
            for _ in range(TIMES):
                start = perf_counter()
                answer = await store.search.newest(question, 100)
                await store.search.belongings(answer.entries)
                took.append((perf_counter() - start) * 1000)
            print(f"{name:42} {median(took):8.1f} ms  slowest {max(took):8.1f} ms  {len(answer.entries)} entries")
        start, number = perf_counter(), 0
        async for _ in all_records(store.search, Question(since=MIDDLE)):
            number += 1
        print(f"{'export of half of it':42} {number / (perf_counter() - start):8.0f} records/s")
    finally:
        await store.close()


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.audit")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reconciler-bench-", dir=said.folder) as folder:
        path = Path(folder) / "journal.db"
        start = perf_counter()
        await fill(path, said.events)
        size = path.stat().st_size / 1_000_000
        print(f"{said.events} events, {size:.0f} MB, made in {perf_counter() - start:.0f} s")
        await measure(path)


if __name__ == "__main__":
    asyncio.run(main())
