"""What programs on targets printed, in pieces. It is no part of the journal's chain: it is kept for a while only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from reconciler.model.output import Asked, Piece, Place, Stream
from reconciler.model.output_room import Kept
from reconciler.store import tables
from reconciler.store.sqlite import Database
from reconciler.store.times import moment, stamp

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Fresh:
    """A piece that is to be stored."""

    place: Place
    target: str
    stream: Stream
    at: datetime
    start: int
    data: bytes


class StepOutputs:
    """A ``ports.outputs.Printed``, and what writes it. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pieces(self, asked: Asked, limit: int) -> Sequence[Piece]:
        """Return the oldest pieces that are asked for, in the order they were printed."""
        return await self._database.read(_pieces, asked, limit)

    async def stored(self, place: Place, target: str) -> Sequence[Kept]:
        """Return which pieces of a step on a target are stored, in their order."""
        return await self._database.read(_stored, place, target)

    async def put(self, fresh: Sequence[Fresh]) -> Sequence[int]:
        """Store pieces, and return their numbers."""
        return await self._database.write(_put, fresh)

    async def take_away(self, numbers: Sequence[int]) -> None:
        """Take pieces away for which there is no more room."""
        await self._database.write(_take_away, numbers)

    async def forget(self, before: datetime) -> int:
        """Take away the oldest of what was printed before then; return how many pieces, 0 when all is done."""
        return await self._database.write(_forget, before)


def _pieces(connection: Connection, asked: Asked, limit: int) -> Sequence[Piece]:
    table = tables.step_output
    wanted = select(table).where(_which(asked)).order_by(table.c.id).limit(limit)
    return [
        Piece(
            number=row.id,
            rollout=row.rollout,
            plan=row.plan,
            step=row.step,
            target=row.target,
            stream=Stream(row.stream),
            at=moment(row.at),
            start=row.start,
            size=row.size,
            text=row.data.decode(errors="replace"),
        )
        for row in connection.execute(wanted).all()
    ]


def _which(asked: Asked) -> ColumnElement[bool]:
    table = tables.step_output
    which = [table.c.id > asked.after]
    if asked.rollout:
        # The unit is looked at, and not looked up: it has far more pieces than its rollout.
        which += [table.c.rollout == asked.rollout, table.c.unit.concat("") == str(asked.unit)]
    else:
        which.append(table.c.unit == str(asked.unit))
    if asked.step is not None:
        which.append(table.c.step == asked.step)
    if asked.target:
        which.append(table.c.target == asked.target)
    if asked.since is not None:
        which.append(table.c.at >= stamp(asked.since))
    return and_(*which)


def _stored(connection: Connection, place: Place, target: str) -> Sequence[Kept]:
    table = tables.step_output
    mine = select(table.c.id, table.c.start, table.c.size).where(
        table.c.rollout == place.rollout,
        table.c.plan == place.plan,
        table.c.step == place.step,
        table.c.target == target,
    )
    return [Kept(row.id, row.start, row.size) for row in connection.execute(mine.order_by(table.c.id)).all()]


def _put(connection: Connection, fresh: Sequence[Fresh]) -> Sequence[int]:
    stored = insert(tables.step_output).returning(tables.step_output.c.id, sort_by_parameter_order=True)
    return connection.execute(stored, [_row(each) for each in fresh]).scalars().all()


def _row(fresh: Fresh) -> dict[str, object]:
    return {
        "unit": str(fresh.place.unit),
        "rollout": fresh.place.rollout,
        "plan": fresh.place.plan,
        "step": fresh.place.step,
        "target": fresh.target,
        "stream": fresh.stream.value,
        "at": stamp(fresh.at),
        "start": fresh.start,
        "size": len(fresh.data),
        "data": fresh.data,
    }


def _take_away(connection: Connection, numbers: Sequence[int]) -> None:
    table = tables.step_output
    for begin in range(0, len(numbers), _AT_ONCE):
        connection.execute(delete(table).where(table.c.id.in_(numbers[begin : begin + _AT_ONCE])))


def _forget(connection: Connection, before: datetime) -> int:
    table = tables.step_output
    oldest = select(table.c.id).where(table.c.at < stamp(before)).order_by(table.c.at).limit(_AT_ONCE)
    gone = connection.execute(oldest).scalars().all()
    connection.execute(delete(table).where(table.c.id.in_(gone)))
    return len(gone)
