"""Checkpoints in the journal: what was signed, and how far. Each is written once and never changed."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import TypeAlias

from sqlalchemy import Connection, insert, select

from reconciler.model.checkpoint import Checkpoint
from reconciler.store import entries, tables
from reconciler.store.sqlite import Database

Sign: TypeAlias = Callable[[int, str, int], Checkpoint]
"""Signs the entry with this number and link; the last is the number of the checkpoint before it, 0 for the first."""

_COLUMNS = tuple(tables.checkpoint.c[each.name] for each in fields(Checkpoint))
_BY_NUMBER = tables.checkpoint.c.number


class CheckpointLog:
    """The checkpoints of a journal. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sign(self, sign: Sign) -> Checkpoint | None:
        """Have the newest entry signed and keep that; None when there is no entry that is not signed yet."""
        return await self._database.write(_sign, sign)

    async def after(self, number: int, limit: int = 1000) -> Sequence[Checkpoint]:
        """Return the checkpoints of later entries than that, oldest first."""
        return await self._database.read(_after, number, limit)

    async def newest(self) -> Checkpoint | None:
        """Return the newest one, None before the first."""
        return await self._database.read(_newest)


def _sign(connection: Connection, sign: Sign) -> Checkpoint | None:
    number, link = entries.newest(connection)
    before = _newest(connection)
    previous = before.number if before else 0
    if number <= previous:
        return None
    made = sign(number, link, previous)
    connection.execute(insert(tables.checkpoint), asdict(made))
    return made


def _newest(connection: Connection) -> Checkpoint | None:
    found = connection.execute(select(*_COLUMNS).order_by(_BY_NUMBER.desc()).limit(1)).mappings().first()
    return Checkpoint(**found) if found else None


def _after(connection: Connection, number: int, limit: int) -> Sequence[Checkpoint]:
    query = select(*_COLUMNS).where(number < _BY_NUMBER).order_by(_BY_NUMBER).limit(limit)
    return [Checkpoint(**each) for each in connection.execute(query).mappings()]
