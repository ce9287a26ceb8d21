"""Entries of some sorts only: whoever reads along with all that happens reads what it needs, and decodes no more."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from reconciler.model.identity import UnitId
from reconciler.model.record import Entry
from reconciler.store import tables
from reconciler.store.entries import decode_event
from reconciler.store.sqlite import Database
from reconciler.store.times import moment


class Told:
    """Entries whose events are of these ``types``, in the order they happened. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, number: int, types: Collection[str], limit: int) -> Sequence[Entry]:
        """Return the first of them after the given number."""
        after = tables.event.c.id > number
        return await self._database.read(_oldest, after, types, limit)

    async def of_rollout(self, rollout: str, types: Collection[str], limit: int) -> Sequence[Entry]:
        """Return the newest of them about a rollout."""
        return await self._database.read(_newest, tables.event.c.rollout == rollout, types, limit)

    async def of_unit(self, unit: UnitId, types: Collection[str], limit: int) -> Sequence[Entry]:
        """Return the newest of them about a unit."""
        return await self._database.read(_newest, tables.event.c.unit == str(unit), types, limit)


def _oldest(connection: Connection, which: ColumnElement[bool], types: Collection[str], limit: int) -> Sequence[Entry]:
    table = tables.event
    query = select(table.c.id, table.c.at, table.c.body).where(which, table.c.type.in_(types))
    return [_entry(row) for row in connection.execute(query.order_by(table.c.id).limit(limit))]


def _newest(connection: Connection, which: ColumnElement[bool], types: Collection[str], limit: int) -> Sequence[Entry]:
    table = tables.event
    query = select(table.c.id, table.c.at, table.c.body).where(which, table.c.type.in_(types))
    rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).all()
    return [_entry(row) for row in reversed(rows)]


def _entry(row: Any) -> Entry:
    return Entry(row.id, moment(row.at), decode_event(row.body))
