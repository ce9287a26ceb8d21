"""The record as doors read it: opened, streamed in parts, with what each entry belongs to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from reconciler.audit.record import Record, record
from reconciler.daemon.controller import known_controller
from reconciler.daemon.doorway import JOURNAL
from reconciler.daemon.settings import Settings
from reconciler.model.event import Event
from reconciler.model.question import Question, Stored
from reconciler.ports.records import Records
from reconciler.store.journal import SqliteStore

AT_ONCE = 500
"""So many entries are in memory at once, however many are read."""


@asynccontextmanager
async def reading_records(settings: Settings) -> AsyncIterator[SqliteStore]:
    """Open the journal to read it only, for the time of the block; raise JournalUnavailable."""
    store = SqliteStore.open_read_only(settings.state_dir / JOURNAL)
    try:
        yield store
    finally:
        await store.close()


async def all_records(records: Records, question: Question) -> AsyncIterator[Record]:
    """Yield all that fits, oldest first; raise JournalUnavailable."""
    while entries := await records.oldest(question, AT_ONCE):
        for each, _ in await told(records, entries):
            yield each
        question = replace(question, above=entries[-1].linked.row.number)


async def told(records: Records, entries: Sequence[Stored]) -> Sequence[tuple[Record, Event | None]]:
    """Return entries as records, each with the event it is made from."""
    among = await records.belongings(entries)
    return [(record(each, among), each.event) for each in entries]


def source_of(settings: Settings) -> str:
    """Return whose journal it is, for records that leave: ``reconciler/`` and the id of the controller."""
    return f"reconciler/{known_controller(settings.state_dir)}"
