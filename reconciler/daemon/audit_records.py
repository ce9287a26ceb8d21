"""The record as doors and sinks read it: opened, streamed in parts, with what each entry belongs to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from reconciler.audit.record import Record, record
from reconciler.daemon.controller import known_controller
from reconciler.daemon.doorway import JOURNAL
from reconciler.daemon.settings import Settings
from reconciler.model.question import Question
from reconciler.ports.records import Records
from reconciler.store.journal import SqliteStore

AT_ONCE = 500
"""So many entries are in memory at once, however many are read."""


@asynccontextmanager
async def reading_records(settings: Settings) -> AsyncIterator[Records]:
    """Open the record to read it only, for the time of the block; raise JournalUnavailable."""
    store = SqliteStore.open_read_only(settings.state_dir / JOURNAL)
    try:
        yield store.search
    finally:
        await store.close()


async def all_records(records: Records, question: Question) -> AsyncIterator[Record]:
    """Yield all that fits, oldest first; raise JournalUnavailable."""
    while entries := await records.oldest(question, AT_ONCE):
        among = await records.belongings(entries)
        for each in entries:
            yield record(each, among)
        question = replace(question, above=entries[-1].linked.row.number)


def source_of(settings: Settings) -> str:
    """Return whose journal it is, for records that leave: ``reconciler/`` and the id of the controller."""
    return f"reconciler/{known_controller(settings.state_dir)}"
