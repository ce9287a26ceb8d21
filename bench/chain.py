"""What the chain costs, and how long checking takes: ``python -m bench.chain [--entries 1000000] [--folder DIR]``.

Entries are those of ``bench.audit``. What an entry costs is CPU time of the writing thread in one transaction, without
the disk: the best of several rounds, for a machine that does other things too.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time, thread_time

from sqlalchemy import Engine

from bench.audit import events, fill
from reconciler.audit.checkpoint import statement
from reconciler.daemon.verifying import Checked, Evidence, checked
from reconciler.model.chain import BEGINNING, link
from reconciler.model.checkpoint import Checkpoint
from reconciler.model.event import Event
from reconciler.providers.audit_key import audit_key
from reconciler.store import projections, sqlite
from reconciler.store.entries import row_of
from reconciler.store.journal import SqliteStore

ROUNDS, OF_EACH = 12, 500
APPENDS = 2000


async def appended(folder: Path) -> None:
    """Tell what an entry costs, and how many a second are written, each in a transaction of its own."""
    path = folder / "appended.db"
    store = await SqliteStore.open(path)
    some = list(islice(events(APPENDS), APPENDS))
    began = perf_counter()
    for at, event in some:
        await store.append([event], at)
    print(f"{APPENDS / (perf_counter() - began):.0f} appends a second, one after the other, each on the disk")
    await store.close()
    engine = sqlite.engine_for(path, mode="rw")
    best = min(_cost(engine, some) for _ in range(ROUNDS))
    rows = [row_of(number, event, at) for number, (at, event) in enumerate(some, 1)]
    began, tied = thread_time(), BEGINNING
    for row in rows:
        tied = link(tied, row)
    linked = (thread_time() - began) / len(rows)
    print(f"{best * 1e6:.0f} us of CPU an entry, {linked * 1e6:.1f} us of it for its link")
    engine.dispose()


def _cost(engine: Engine, some: Sequence[tuple[datetime, Event]]) -> float:
    with engine.begin() as connection:
        began = thread_time()
        for at, event in some[:OF_EACH]:
            projections.append(connection, [event], at)
        return (thread_time() - began) / OF_EACH


async def signed(path: Path, folder: Path) -> str:
    """Sign the newest entry; return the public key."""
    key, store = audit_key(folder), await SqliteStore.open(path)

    def sign(number: int, tied: str, previous: int) -> Checkpoint:
        made = Checkpoint(number=number, link=tied, at="", controller="bench", previous=previous, key=key.public)
        return replace(made, signature=key.sign(statement(made)))

    await store.checkpoints.sign(sign)
    await store.close()
    return key.public


def verified(path: Path, key: str) -> None:
    """Tell how long it takes to check all."""
    began, worked = perf_counter(), process_time()
    *troubles, found = checked(path, Evidence(keys=[key]))
    if troubles or not isinstance(found, Checked):
        raise SystemExit(f"internal error: {troubles[:3]}")
    took, work = perf_counter() - began, process_time() - worked
    size = path.stat().st_size / 2**20
    print(f"{found.walked.seen} entries ({size:.0f} MiB) checked in {took:.1f} s, {work:.1f} s of CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        asyncio.run(appended(folder))
        asyncio.run(fill(folder / "journal.db", options.entries))
        verified(folder / "journal.db", asyncio.run(signed(folder / "journal.db", folder)))


if __name__ == "__main__":
    main()
