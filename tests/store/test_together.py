"""Writes that wait together: one transaction, and yet each with an outcome of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from reconciler.store import sqlite
from reconciler.store.journal import SqliteStore


class Desk:
    """A file with one table, and a count of the transactions on it."""

    def __init__(self, path: Path) -> None:
        engine = sqlite.engine_for(path, mode="rw")
        event.listen(engine, "commit", lambda _: self.commits.append(1))
        self.commits: list[int] = []
        self.database = sqlite.Database(engine, "it")
        self.go_on = threading.Event()

    def hold(self, connection: Connection) -> None:
        """Keep the others waiting."""
        assert self.go_on.wait(10)

    async def written(self) -> list[str]:
        """Return what was written, in its order."""
        return await self.database.read(lambda one: list(one.exec_driver_sql("SELECT it FROM mark").scalars()))


def put(connection: Connection, it: str) -> None:
    connection.exec_driver_sql("INSERT INTO mark VALUES (?)", (it,))


def put_and_fail(connection: Connection, it: str) -> None:
    put(connection, it)
    raise LookupError(it)


@pytest.fixture
async def desk(store: SqliteStore, path: Path) -> AsyncIterator[Desk]:
    desk = Desk(path)
    await desk.database.write(lambda one: one.exec_driver_sql("CREATE TABLE mark (it TEXT)").close())
    desk.commits.clear()
    yield desk
    desk.go_on.set()
    await desk.database.close()


async def test_those_that_wait_together_are_one_transaction(desk: Desk) -> None:
    holding = asyncio.create_task(desk.database.write(desk.hold))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(desk.database.write(put, str(number))) for number in range(10)]
    await asyncio.sleep(0)
    desk.go_on.set()
    await asyncio.gather(holding, *waiting)
    assert await desk.written() == [str(number) for number in range(10)]
    assert len(desk.commits) == 3  # the one that held, the others, the reading


async def test_one_that_fails_leaves_nothing_behind_and_does_not_fail_the_others(desk: Desk) -> None:
    holding = asyncio.create_task(desk.database.write(desk.hold))
    await asyncio.sleep(0)
    one, bad, other = (
        asyncio.create_task(desk.database.write(work, it))
        for work, it in ((put, "one"), (put_and_fail, "bad"), (put, "other"))
    )
    await asyncio.sleep(0)
    desk.go_on.set()
    with pytest.raises(LookupError, match="bad"):
        await bad
    await asyncio.gather(holding, one, other)
    assert await desk.written() == ["one", "other"]


async def test_what_is_urgent_goes_before_what_was_asked_for_earlier(desk: Desk) -> None:
    holding = asyncio.create_task(desk.database.write(desk.hold))
    await asyncio.sleep(0)
    waiting = [
        asyncio.create_task(desk.database.write(put, "can wait")),
        asyncio.create_task(desk.database.write_first(put, "urgent")),
    ]
    await asyncio.sleep(0)
    desk.go_on.set()
    await asyncio.gather(holding, *waiting)
    assert await desk.written() == ["urgent", "can wait"]


async def test_one_whose_asker_is_cancelled_before_it_began_is_never_done(desk: Desk) -> None:
    holding = asyncio.create_task(desk.database.write(desk.hold))
    await asyncio.sleep(0)
    withdrawn = asyncio.create_task(desk.database.write(put, "withdrawn"))
    await asyncio.sleep(0)
    withdrawn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await withdrawn
    desk.go_on.set()
    await holding
    assert await desk.written() == []
