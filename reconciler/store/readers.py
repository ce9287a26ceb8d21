"""How far those who read the journal have come, so that they go on there after a restart."""

from sqlalchemy import Connection, delete, insert, select

from reconciler.store import tables
from reconciler.store.sqlite import Database


class Readers:
    """The places of readers, by their names. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, name: str) -> int | None:
        """Return the number of the newest entry that the reader has dealt with, None when it has never read."""
        return await self._database.read(_at, name)

    async def put(self, name: str, number: int) -> None:
        """Keep that the reader has dealt with all entries up to that one."""
        await self._database.write(_put, name, number)


def _at(connection: Connection, name: str) -> int | None:
    number: int | None = connection.execute(select(tables.reader.c.number).where(tables.reader.c.name == name)).scalar()
    return number


def _put(connection: Connection, name: str, number: int) -> None:
    connection.execute(delete(tables.reader).where(tables.reader.c.name == name))
    connection.execute(insert(tables.reader).values(name=name, number=number))
