"""The file itself: made, migrated, raced for, looked at, and in trouble."""
# ruff: noqa: ASYNC240 - a file in a test may be looked at the short way

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from reconciler.model.event import CommitAccepted
from reconciler.ports.journal import JournalUnavailable
from reconciler.store import migrate, sqlite, tables
from reconciler.store.journal import SqliteStore
from tests.factory import NOW

EVENT = CommitAccepted(commit="a", subject="first")


async def test_the_migrations_make_the_tables_that_the_code_knows(store: SqliteStore, path: Path) -> None:
    database = sqlite.Database(sqlite.engine_for(path, mode="ro"), "it")
    difference = await database.read(lambda one: compare_metadata(MigrationContext.configure(one), tables.metadata))
    await database.close()
    assert difference == []


async def test_a_journal_is_durable_and_lets_readers_read_while_one_writes(store: SqliteStore, path: Path) -> None:
    database = sqlite.Database(sqlite.engine_for(path, mode="rwc"), "it")
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    seen = await database.read(lambda one: [one.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas])
    await database.close()
    assert seen == ["wal", 2, 1, 10_000]


async def test_a_write_whose_asker_is_cancelled_ends_before_the_cancelling_does(store: SqliteStore, path: Path) -> None:
    database = sqlite.Database(sqlite.engine_for(path, mode="rw"), "it")
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE mark (it TEXT)")
        begun.set()
        assert go_on.wait(10)

    asking = asyncio.create_task(database.write(slow))
    assert await asyncio.to_thread(begun.wait, 10)
    asking.cancel()
    await asyncio.wait([asking], timeout=0)
    assert not asking.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await database.read(lambda one: one.exec_driver_sql("SELECT count(*) FROM mark").scalar()) == 0
    await database.close()


async def test_what_was_written_is_there_after_a_restart(path: Path) -> None:
    for expected in (None, "a"):
        store = await SqliteStore.open(path)
        assert await store.accepted_commit() == expected
        await store.append([EVENT], NOW)
        await store.close()


async def test_many_that_open_a_new_journal_at_once_do_not_disturb_each_other(path: Path) -> None:
    stores = await asyncio.gather(*(SqliteStore.open(path) for _ in range(8)))
    await asyncio.gather(*(store.append([EVENT], NOW) for store in stores))
    assert len(await stores[0].history.since(0)) == 8
    for store in stores:
        await store.close()


def test_processes_that_start_together_do_not_disturb_each_other(path: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from reconciler.store.journal import SqliteStore\n"
        "async def main():\n"
        "    store = await SqliteStore.open(pathlib.Path(sys.argv[1])); await store.close()\n"
        "asyncio.run(main())\n"
    )
    racing = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(3)]
    assert [one.wait(60) for one in racing] == [0, 0, 0]


async def test_any_path_will_do(tmp_path: Path) -> None:
    odd = tmp_path / "50% of #1? ü"
    odd.mkdir()
    store = await SqliteStore.open(odd / "journal.db")
    await store.close()
    assert (odd / "journal.db").exists()


async def test_looking_at_a_journal_that_is_not_there_makes_none(path: Path) -> None:
    with pytest.raises(JournalUnavailable, match=r"there is no journal at .*journal.db; the daemon makes it"):
        SqliteStore.open_read_only(path)
    assert list(path.parent.iterdir()) == []


async def test_looking_neither_migrates_nor_writes(path: Path) -> None:
    sqlite3.connect(path).close()
    path.touch()
    looking = SqliteStore.open_read_only(path)
    with pytest.raises(JournalUnavailable, match="its tables are missing; start the daemon once"):
        await looking.standing()
    await looking.close()
    assert path.stat().st_size == 0


async def test_looking_sees_what_another_process_writes_and_can_write_nothing(store: SqliteStore, path: Path) -> None:
    looking = SqliteStore.open_read_only(path)
    await store.append([EVENT], NOW)
    assert await looking.accepted_commit() == "a"
    with pytest.raises(JournalUnavailable, match="it may not be written"):
        await looking.append([EVENT], NOW)
    await looking.close()


async def test_a_journal_that_another_holds_for_too_long_is_told(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0)
    impatient = await SqliteStore.open(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable, match=r"another process holds it.*database is locked"):
        await impatient.append([EVENT], NOW)
    assert await impatient.accepted_commit() is None
    holder.execute("ROLLBACK")
    holder.close()
    await impatient.append([EVENT], NOW)
    await impatient.close()


async def test_a_full_disk_is_told_and_nothing_is_half_written(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.close()
    pages = sqlite3.connect(path).execute("PRAGMA page_count").fetchone()[0]
    engine = sqlite.engine_for(path, mode="rw")
    database = sqlite.Database(engine, "it")
    full = SqliteStore(database)
    await database.read(lambda one: one.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar())
    with pytest.raises(JournalUnavailable, match="the disk is full; make room"):
        await full.append([CommitAccepted(commit="a", subject="x" * 1_000_000)], NOW)
    assert await full.accepted_commit() is None
    await full.close()


async def test_a_file_that_is_no_journal_is_left_alone(path: Path) -> None:
    path.write_text("these are my notes\n" * 100)
    with pytest.raises(JournalUnavailable, match="the file is not a journal"):
        await SqliteStore.open(path)
    assert path.read_text().startswith("these are my notes")


async def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="No such file or directory"):
        await SqliteStore.open(tmp_path / "nowhere" / "journal.db")


def test_the_newest_form_is_the_one_that_the_migrations_end_in() -> None:
    assert ScriptDirectory(str(Path(migrate.__file__).parent / "migrations")).get_current_head() == migrate.NEWEST


async def test_a_journal_of_a_later_version_is_not_touched(path: Path) -> None:
    await (await SqliteStore.open(path)).close()
    later = sqlite3.connect(path)
    later.execute("UPDATE alembic_version SET version_num = '9999'")
    later.commit()
    later.close()
    with pytest.raises(JournalUnavailable, match="has form 9999, which this version of reconciler does not know"):
        await SqliteStore.open(path)
