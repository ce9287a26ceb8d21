"""The record as it lies in the file of the journal, read in order and in one view, to be checked: nothing is written.

It takes SQLite itself and no engine: a million rows go through here, and what is wrong with the file is the question.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from reconciler.model.chain import Linked, Row
from reconciler.model.checkpoint import Archived, Checkpoint
from reconciler.ports.journal import JournalUnavailable

_ROWS = (
    "SELECT id, at, type, unit, rollout, environment, actor, outcome, request, body, link FROM event "
    "WHERE id {where} ? ORDER BY id"
)
_CHECKPOINTS = "SELECT number, link, at, controller, previous, key, signature FROM checkpoint ORDER BY number"
_ARCHIVED = "SELECT first, last, link, file FROM archived ORDER BY last"
_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"

GUARDS: Mapping[str, str] = {
    "event_is_never_changed": (
        "CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event "
        "BEGIN SELECT RAISE(ABORT, 'entries of the journal are never changed'); END"
    ),
    "event_stays": (
        "CREATE TRIGGER event_stays BEFORE DELETE ON event "
        "WHEN OLD.id > (SELECT coalesce(max(last), 0) FROM archived) "
        "BEGIN SELECT RAISE(ABORT, 'entries of the journal that are not archived stay'); END"
    ),
}
"""What keeps entries from being changed by mistake, by name."""


class RecordFile:
    """The record in an open file; all answers are of the one moment at which it was opened."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def entries(self, after: int) -> Iterator[Linked]:
        """Yield the entries with a higher number than that, in their order."""
        return self._rows(">", after)

    def kept(self, until: int) -> Mapping[int, Linked]:
        """Return the entries up to that number that are here, though they are archived too."""
        return {each.row.number: each for each in self._rows("<=", until)}

    def checkpoints(self) -> Sequence[Checkpoint]:
        """Return the checkpoints that are here, in their order."""
        names = ("number", "link", "at", "controller", "previous", "key", "signature")
        return [Checkpoint(**dict(zip(names, each, strict=True))) for each in self._connection.execute(_CHECKPOINTS)]

    def archived(self) -> Sequence[Archived]:
        """Return which entries are archived, in their order."""
        rows = self._connection.execute(_ARCHIVED)
        return [Archived(first=first, last=last, link=link, file=file) for first, last, link, file in rows]

    def unguarded(self) -> Sequence[str]:
        """Return the names of the triggers that are missing, or not as they were made."""
        found = dict(self._connection.execute(_TRIGGERS).fetchall())
        return [name for name, made in GUARDS.items() if found.get(name) != made]

    def hidden(self) -> Sequence[str]:
        """Return, in SQLite's words, where the file itself is unsound: an index that lacks an entry hides it."""
        found = [row[0] for row in self._connection.execute("PRAGMA integrity_check('event')")]
        return [] if found == ["ok"] else found

    def _rows(self, where: str, number: int) -> Iterator[Linked]:
        for row in self._connection.execute(_ROWS.format(where=where), (number,)):
            if bytes in map(type, row):
                # A column that is no text any more: as it is told, it fits to no link.
                row = [repr(each) if isinstance(each, bytes) else each for each in row]  # noqa: PLW2901
            yield Linked(_row(*row[:-1]), row[-1])


def _row(  # noqa: PLR0913 - a column each
    number: int,
    at: str,
    kind: str,
    unit: str | None,
    rollout: str | None,
    environment: str,
    actor: str,
    outcome: str,
    request: str,
    body: str,
) -> Row:
    return Row(
        number=number,
        at=at,
        type=kind,
        unit=unit,
        rollout=rollout,
        environment=environment,
        actor=actor,
        outcome=outcome,
        request=request,
        body=body,
    )


@contextmanager
def record_file(path: Path) -> Iterator[RecordFile]:
    """Open the journal's file to read the record; raises JournalUnavailable, also while it is read."""
    if not path.exists():
        raise JournalUnavailable(f"there is no journal at {path}; the daemon makes it when it starts first")
    try:
        with closing(_connected(path)) as connection:
            yield RecordFile(connection)
    except sqlite3.OperationalError as error:
        why = "it has not the form of this version; start the daemon once" if "no such" in str(error) else str(error)
        raise JournalUnavailable(f"cannot read the record in {path}: {why}") from error
    except sqlite3.DatabaseError as error:
        raise JournalUnavailable(
            f"the file {path} is damaged, so the record in it is not whole: {error}; bring it back from a backup"
        ) from error


def _connected(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        return _begun(uri)
    except sqlite3.OperationalError as error:
        # SQLite wants to write beside the file even to read it. A copy that nobody writes to needs none of that.
        refused = "unable to open" in str(error) or "readonly" in str(error)
        if not refused or path.with_name(f"{path.name}-wal").exists():
            raise
        return _begun(f"{uri}&immutable=1")


def _begun(uri: str) -> sqlite3.Connection:
    """Open the file and begin to look; the view is the one of now, until it is closed."""
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)
    try:
        # Text that is no UTF-8 has to be looked at too: it is what somebody made of it.
        connection.text_factory = _text
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
        connection.execute("SELECT id FROM event LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
