"""A signed record in a real file, and the hands of somebody who can write to that file."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reconciler.audit.checkpoint import line, statement
from reconciler.audit.tamper import Trouble
from reconciler.daemon.archive_reading import Segments
from reconciler.daemon.verifying import Checked, Evidence, checked
from reconciler.model.chain import BEGINNING, Row, link
from reconciler.model.checkpoint import Checkpoint
from reconciler.model.deed import Started
from reconciler.model.event import CommitAccepted, Event, Paused, Resumed
from reconciler.providers.audit_key import AuditKey
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP

OURS = AuditKey(Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
THEIRS = AuditKey(Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
MINUTE = timedelta(minutes=1)
LAST = 13
SIGNED = (1, 5, 10)

EVENTS: Sequence[Event] = (
    Started(version="1", controller="ctl-1", settings={"git.branch": "main"}),
    CommitAccepted(commit="a", subject="first"),
    *(
        event
        for number in range(5)
        for event in (
            Paused(unit=SHOP, author="ann", reason=f"audit {number}"),
            Resumed(unit=SHOP, author="ben", reason=f"done {number}"),
        )
    ),
    CommitAccepted(commit="b", subject="second"),
)


def signing(key: AuditKey) -> Callable[[int, str, int], Checkpoint]:
    """Return what signs with that key, at the time of the entry."""

    def sign(number: int, tied: str, previous: int) -> Checkpoint:
        at = (NOW + number * MINUTE).isoformat(timespec="microseconds")
        made = Checkpoint(number=number, link=tied, at=at, controller="ctl-1", previous=previous, key=key.public)
        return replace(made, signature=key.sign(statement(made)))

    return sign


async def recorded(folder: Path) -> None:
    """Write a journal of thirteen entries that is signed at three of them; the checkpoints are in a file too."""
    store = await SqliteStore.open(folder / "journal.db")
    for number, event in enumerate(EVENTS, 1):
        await store.append([event], NOW + number * MINUTE)
        if number in SIGNED:
            await store.checkpoints.sign(signing(OURS))
    kept = await store.checkpoints.after(0)
    await store.close()
    (folder / "kept.jsonl").write_text("".join(f"{line(each)}\n" for each in kept))


@dataclass(frozen=True)
class Mallory:
    """Somebody who can do everything with the file but sign with our key."""

    connection: sqlite3.Connection

    def does(self, *statements: str) -> None:
        for each in statements:
            self.connection.execute(each)

    def links_anew(self, first: int = 1) -> None:
        """Tie everything from that entry on as if it had always been so."""
        columns = "id, at, type, unit, rollout, environment, actor, outcome, request, body, link"
        tied = BEGINNING
        for found in self.connection.execute(f"SELECT {columns} FROM event ORDER BY id").fetchall():
            names = ("number", *columns.split(", ")[1:-1])
            number, stored = found[0], found[-1]
            tied = link(tied, Row(**dict(zip(names, found[:-1], strict=True)))) if number >= first else stored
            self.connection.execute("UPDATE event SET link = ? WHERE id = ?", (tied, number))

    def signs_anew(self) -> None:
        """Sign all that was signed once more, with another key."""
        self.connection.execute("DELETE FROM checkpoint")
        previous, sign = 0, signing(THEIRS)
        for number in SIGNED:
            (tied,) = self.connection.execute("SELECT link FROM event WHERE id = ?", (number,)).fetchone()
            made = sign(number, tied, previous)
            row = (made.number, made.link, made.at, made.controller, made.previous, made.key, made.signature)
            self.connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            previous = number


@contextmanager
def tampering(journal: Path) -> Iterator[Mallory]:
    """Open the file to do as one likes with it; the triggers are put back, so that nobody sees that they were away."""
    connection = sqlite3.connect(journal, isolation_level=None)
    try:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        yield Mallory(connection)
        for _, made in guards:
            connection.execute(made)
    finally:
        connection.close()


def examined(
    folder: Path, *, kept: bool = False, keys: Sequence[str] = (), identity: Path | None = None
) -> tuple[list[Trouble], Checked]:
    """Return what is wrong with the record, and what was looked at."""
    files = [folder / "kept.jsonl"] if kept else []
    evidence = Evidence(checkpoints=files, keys=keys, segments=Segments(folder / "archive", identity))
    *troubles, found = checked(folder / "journal.db", evidence)
    assert isinstance(found, Checked)
    return [each for each in troubles if isinstance(each, Trouble)], found
