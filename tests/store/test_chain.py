"""The chain as it is written: one link an entry, whoever writes, whatever kills the writer, from the first form on."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from reconciler.audit.tamper import Trouble
from reconciler.audit.verify import Walked, walk
from reconciler.model.access import Login
from reconciler.model.checkpoint import Checkpoint
from reconciler.model.deed import Requested, Started
from reconciler.model.event import CommitAccepted, CommitRefused, Event, Paused, Resumed, StepEnded
from reconciler.model.rollout import StepRecord, StepState
from reconciler.store import migrate, sqlite
from reconciler.store.codec import encode
from reconciler.store.entries import decode_event
from reconciler.store.journal import SqliteStore
from reconciler.store.record_file import record_file
from reconciler.store.times import stamp
from tests.factory import NOW, SHOP

PAUSED = Paused(unit=SHOP, author="ann", reason="x")
KILLS = 12


def walked(path: Path) -> tuple[list[object], Walked]:
    """Walk the record; return what is wrong, and how far it was."""
    with record_file(path) as record:
        *troubles, end = walk(record.entries(0), {}, decode_event)
        unguarded = record.unguarded()
    assert isinstance(end, Walked)
    return [*troubles, *unguarded], end


def column(path: Path, name: str) -> Sequence[object]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute(f"SELECT {name} FROM event ORDER BY id")]
    connection.close()
    return found


async def test_entries_are_linked_by_whoever_writes_them(store: SqliteStore, path: Path) -> None:
    other = await SqliteStore.open(path)
    for _ in range(20):
        await asyncio.gather(*(each.append([PAUSED, PAUSED], NOW) for each in (store, other, store)))
    await other.close()
    assert walked(path)[0] == []
    assert walked(path)[1].seen == 120


async def test_what_follows_from_a_request_carries_its_id(store: SqliteStore, path: Path) -> None:
    asked = Requested(id="req-1", name="ann", login=Login.OIDC, verb="pause", unit=SHOP)
    await store.append([asked, PAUSED], NOW)
    await store.append([PAUSED], NOW)
    assert column(path, "request") == ["req-1", "req-1", ""]
    assert column(path, "actor") == ["ann", "ann", "ann"]


async def test_a_write_that_is_undone_leaves_no_gap(store: SqliteStore, path: Path) -> None:
    await store.append([PAUSED], NOW)
    with pytest.raises(AssertionError):
        await store.append([PAUSED, None], NOW)  # type: ignore[list-item]
    await store.append([PAUSED], NOW)
    assert column(path, "id") == [1, 2]
    assert walked(path)[0] == []


async def test_numbers_go_on_when_all_is_archived(store: SqliteStore, path: Path) -> None:
    await store.append([PAUSED, PAUSED], NOW)
    connection = sqlite3.connect(path, isolation_level=None)
    tied = connection.execute("SELECT link FROM event WHERE id = 2").fetchone()[0]
    connection.execute("INSERT INTO archived VALUES (2, 1, ?, 'a', '')", (tied,))
    connection.execute("DELETE FROM event")
    connection.close()
    await store.append([PAUSED], NOW)
    assert column(path, "id") == [3]


async def test_the_newest_entry_is_signed_once(store: SqliteStore) -> None:
    def sign(number: int, tied: str, previous: int) -> Checkpoint:
        return Checkpoint(number=number, link=tied, at="", controller="", previous=previous, key="", signature="")

    assert await store.checkpoints.sign(sign) is None
    await store.append([PAUSED, PAUSED], NOW)
    first = await store.checkpoints.sign(sign)
    assert first is not None
    assert (first.number, first.previous) == (2, 0)
    assert await store.checkpoints.sign(sign) is None
    await store.append([PAUSED], NOW)
    second = await store.checkpoints.sign(sign)
    assert second is not None
    assert (second.number, second.previous) == (3, 2)
    assert await store.checkpoints.after(2) == [second]
    assert await store.checkpoints.newest() == second


def test_a_writer_that_is_killed_leaves_a_whole_chain(path: Path) -> None:
    seen = 0
    for number in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.appending", str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process, process.stdout as told:
            for _ in range(1 + number):
                told.readline()
            process.kill()
        troubles, end = walked(path)
        assert troubles == []
        assert end.seen >= seen + 4 * (1 + number)
        # What was written together is there together, or not at all.
        assert column(path, "type").count("resumed") % 2 == 0
        seen = end.seen


STEP = StepEnded(
    rollout="r1",
    unit=SHOP,
    record=StepRecord(plan="p", index=0, state=StepState.FAILED, attempt=1, started_at=NOW, ended_at=NOW),
    what="apply",
    detail="no",
)
OLD: Sequence[Event] = (
    CommitAccepted(commit="a", subject="first"),
    CommitRefused(commit="b", subject="second", problems=()),
    PAUSED,
    Resumed(unit=None, author="ben", reason="y"),
    STEP,
)


def in_form(connection: Connection, form: str) -> None:
    """Make the tables as they were in that form."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=lambda revision, _: script._upgrade_revs(form, revision)) as context:
        context.configure(connection=connection, render_as_batch=True)
        context.run_migrations()


async def written_by_the_version_before(path: Path) -> None:
    database = sqlite.Database(sqlite.engine_for(path, mode="rwc"), "it")
    await database.write(in_form, "0005")
    await database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for event in OLD:
        unit = getattr(event, "unit", None)
        row = (stamp(NOW), event.event, str(unit) if unit else None, getattr(event, "rollout", None), encode(event))
        connection.execute("INSERT INTO event (at, type, unit, rollout, body) VALUES (?, ?, ?, ?, ?)", row)
    connection.close()


async def test_a_journal_of_the_version_before_is_linked_when_it_is_opened(path: Path) -> None:
    await written_by_the_version_before(path)
    store = await SqliteStore.open(path)
    await store.append([Started(version="2", controller="ctl-1")], NOW)
    assert [each.event for each in await store.history.since(0)][:-1] == list(OLD)
    await store.close()
    troubles, end = walked(path)
    assert troubles == []
    assert end.number == len(OLD) + 1
    assert column(path, "actor") == ["", "", "ann", "ben", "", ""]
    assert column(path, "outcome") == ["succeeded", "refused", "", "", "failed", ""]
    assert column(path, "environment") == ["", "", "production", "", "production", ""]


async def test_what_was_damaged_before_there_was_a_chain_stops_no_start_and_is_told(path: Path) -> None:
    await written_by_the_version_before(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE event SET body = '{' WHERE id = 3")
    connection.close()
    await (await SqliteStore.open(path)).close()
    (trouble,), _ = walked(path)
    assert isinstance(trouble, Trouble)
    assert (trouble.number, trouble.what) == (3, "its body is no event")
