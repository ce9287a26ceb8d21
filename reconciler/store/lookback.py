"""What was written down before an entry: what a notice of it has to tell beside it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select

from reconciler.model.event import Measured
from reconciler.model.identity import UnitId
from reconciler.model.record import Entry
from reconciler.store import tables
from reconciler.store.entries import decode_event
from reconciler.store.sqlite import Database
from reconciler.store.times import moment

_FAR = 50_000
"""So many entries back it is looked at most: what is older says nothing about now, and nobody shall wait for it."""


class Lookback:
    """Questions about what came before an entry. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_unit(self, number: int, unit: UnitId, sort: str, limit: int = 1) -> Sequence[Entry]:
        """Return the newest entries of a sort about a unit before that one, the newest first."""
        table = tables.event
        return await self._database.read(_before, number, (table.c.unit == str(unit), table.c.type == sort), limit)

    async def of_sort(self, number: int, sort: str, limit: int = 1) -> Sequence[Entry]:
        """Return the newest entries of a sort before that one, the newest first."""
        return await self._database.read(_before, number, (tables.event.c.type == sort,), limit)

    async def measured(self, number: int, rollout: str, limit: int = 50) -> Sequence[Measured]:
        """Return what was measured in a rollout before that entry, in the order of time; of much only the newest."""
        table = tables.event
        which = (table.c.rollout == rollout, table.c.type == "measured")
        found = await self._database.read(_before, number, which, limit)
        return [each.event for each in reversed(found) if isinstance(each.event, Measured)]


def _before(connection: Connection, number: int, which: Sequence[ColumnElement[bool]], limit: int) -> Sequence[Entry]:
    table = tables.event
    rows = select(table.c.id, table.c.at, table.c.body).where(*which, table.c.id < number, table.c.id > number - _FAR)
    found = connection.execute(rows.order_by(table.c.id.desc()).limit(limit))
    return [Entry(row.id, moment(row.at), decode_event(row.body)) for row in found]
