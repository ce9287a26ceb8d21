"""The file of the journal, copied whole while others write to it, and read as it is in a backup."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from reconciler.model.chain import BEGINNING, link
from reconciler.ports.journal import JournalUnavailable
from reconciler.store.record_file import record_file

BUSY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Newest:
    """How far a journal goes: its newest entry's number and link, and the form of its tables."""

    number: int
    link: str
    form: str


def copy(journal: Path, into: Path) -> Newest:
    """Copy the journal to a new file as it is at one moment, and say how far it goes; raise JournalUnavailable.

    Nobody waits for it: who writes goes on, and what they write meanwhile is not in the copy.
    """
    try:
        with closing(_opened(journal, "ro")) as source, closing(_opened(into, "rwc")) as target:
            source.backup(target)
            # A single file: nobody else ever writes to it.
            target.execute("PRAGMA journal_mode=DELETE")
            return _newest(target)
    except sqlite3.Error as error:
        raise JournalUnavailable(f"cannot copy the journal {journal}: {error}") from error


def alone(journal: Path) -> None:
    """Have all of the journal be in its one file, on the disk, so that it may be moved; raise JournalUnavailable."""
    try:
        with closing(_opened(journal, "rw")) as found:
            mode = found.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.Error as error:
        raise JournalUnavailable(f"cannot finish the journal {journal}: {error}") from error
    if mode != "delete":
        raise JournalUnavailable(f"cannot finish the journal {journal}: somebody else has it open")
    with journal.open("rb") as file:
        os.fsync(file.fileno())


def newest(journal: Path) -> Newest:
    """Return how far the journal in the file goes; raise JournalUnavailable for what is none."""
    try:
        with closing(_opened(journal, "ro")) as found:
            return _newest(found)
    except sqlite3.Error as error:
        raise JournalUnavailable(f"{journal.name} is damaged, or no journal: {error}") from error


def broken(journal: Path) -> str | None:
    """Return where the chain of the entries is broken, None when it is whole; raise JournalUnavailable."""
    with record_file(journal) as record:
        before = record.archived()
        number, tied = (before[-1].last, before[-1].link) if before else (0, BEGINNING)
        for entry in record.entries(number):
            if entry.row.number != number + 1:
                return f"entry {number + 1} is missing"
            if link(tied, entry.row) != entry.link:
                return f"entry {entry.row.number} is not as it was written"
            number, tied = entry.row.number, entry.link
    return None


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)


def _newest(connection: sqlite3.Connection) -> Newest:
    if (said := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise sqlite3.DatabaseError(said)
    form = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    last = connection.execute("SELECT id, link FROM event ORDER BY id DESC LIMIT 1").fetchone()
    number, tied = last or (0, BEGINNING)
    return Newest(number, tied, form[0] if form else "")
