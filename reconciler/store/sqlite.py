"""SQLite as the journal wants it: durable, one writer at a time, and errors in plain words."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from reconciler.ports.journal import JournalUnavailable
from reconciler.store.together import Together, Write

BUSY_SECONDS = 10
"""How long a write waits for another process's."""

P = ParamSpec("P")
T = TypeVar("T")

_READS = "reconciler_reads"
_AT_ONCE = 4


def engine_for(path: Path, *, mode: str) -> Engine:
    """Return an engine for the file. ``mode`` is SQLite's: ``ro``, ``rw``, or ``rwc`` to make the file."""
    # The query goes on to SQLite as part of a URI, so the path has to be one: ? # and % have a meaning there.
    uri = f"file:{quote(str(path.absolute()))}"
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=uri, query={"mode": mode, "uri": "true"}),
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS, "check_same_thread": False},
        poolclass=QueuePool,
        pool_size=_AT_ONCE + 3,
        max_overflow=0,
    )
    event.listen(engine, "connect", _set_up_read_only if mode == "ro" else _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _set_up_read_only(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and then writes fails at once when another wrote in between, whatever the
    # busy timeout is. So a transaction that may write says so when it begins, and waits its turn.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


class Database:
    """Transactions on one engine, each whole in a thread: no statement waits for the event loop.

    What has begun ends, even when whoever waits for it is cancelled; the cancelling waits for that.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._threads, self._glances, self._rummagings = _threads(_AT_ONCE), _threads(1), _threads(1)
        # One writes: SQLite would have several try again and again, with naps in between.
        self._together = Together(engine)

    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the function in a transaction, maybe with others; what it wrote is undone when it raises.

        It may be run twice, so it must do nothing but what the transaction holds.
        """
        write = Write(lambda one: work(one, *args, **kwargs))
        self._together.ask(write)
        written: T = await self._written(write)
        return written

    async def write_first(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Write before all that can wait: for what others depend on in time."""
        write = Write(lambda one: work(one, *args, **kwargs))
        self._together.ask_first(write)
        written: T = await self._written(write)
        return written

    async def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the function on one unchanging view of the tables."""
        return await self._looked(self._threads, lambda one: work(one, *args, **kwargs))

    async def glance(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read without waiting behind others who read: for the one question that everybody asks."""
        return await self._looked(self._glances, lambda one: work(one, *args, **kwargs))

    async def rummage(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read what takes long: one such at a time, and no other reading waits behind it."""
        return await self._looked(self._rummagings, lambda one: work(one, *args, **kwargs))

    async def _looked(self, threads: ThreadPoolExecutor, work: Callable[[Connection], T]) -> T:
        with translating(self._name):
            return await _ended(asyncio.get_running_loop().run_in_executor(threads, self._look, work))

    def _look(self, work: Callable[[Connection], T]) -> T:
        looking = self._engine.connect().execution_options(**{_READS: True})
        with looking as connection, connection.begin():
            return work(connection)

    async def _written(self, write: Write) -> Any:
        with translating(self._name):
            try:
                return await asyncio.shield(write.outcome)
            except asyncio.CancelledError:
                if not self._together.withdraw(write):
                    await _over(write.outcome)
                raise

    async def close(self) -> None:
        """Close every connection. Whoever asks again opens them again."""
        await asyncio.to_thread(self._engine.dispose)
        self._together.close()
        ended = (self._threads, self._glances, self._rummagings)
        self._threads, self._glances, self._rummagings = _threads(_AT_ONCE), _threads(1), _threads(1)
        for each in ended:
            each.shutdown(wait=False)


async def _ended(running: asyncio.Future[T]) -> T:
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await _over(running)
        raise


async def _over(running: asyncio.Future[Any]) -> None:
    """Wait for the end of what was begun: whoever comes next must find it done or undone, and not meet it half-way."""
    await asyncio.wait([running])
    if not running.cancelled():
        running.exception()


def _threads(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number, thread_name_prefix="journal")


@contextmanager
def translating(name: str) -> Iterator[None]:
    """Turn what the database says into JournalUnavailable, with what a person can do about it."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig)
        for part, advice in _ADVICE.items():
            if part in said:
                raise JournalUnavailable(f"cannot use the journal {name}: {advice} ({said})") from error
        raise
    except OSError as error:
        raise JournalUnavailable(f"cannot use the journal {name}: {error.strerror or error}") from error


_ADVICE = {
    "locked": "another process holds it; look for a second reconciler, or a backup that does not end",
    "busy": "another process holds it; look for a second reconciler, or a backup that does not end",
    "disk is full": "the disk is full; make room",
    "readonly": "it may not be written; check the rights and the mount of its folder",
    "read-only": "it may not be written; check the rights and the mount of its folder",
    "unable to open": "it cannot be opened; check that its folder is there and may be written",
    "disk I/O error": "the disk is full or gives errors; make room, or check it and its file system",
    "malformed": "it is damaged; bring it back from a backup",
    "not a database": "the file is not a journal; is the path right?",
    "no such table": "its tables are missing; start the daemon once, which makes them",
}
