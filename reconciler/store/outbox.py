"""What people are still to be told: put in with the place of the reader, taken out once a channel has it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, func, insert, or_, select, update

from reconciler.model.deed import NoticeDropped
from reconciler.model.delivery import Due, Kept, Read, Waiting
from reconciler.model.notification import Notice, Severity
from reconciler.store import tables
from reconciler.store.blobs import chunks
from reconciler.store.codec import decode, encode
from reconciler.store.projections import append
from reconciler.store.sqlite import Database
from reconciler.store.times import moment, stamp

READER = "notices"
"""The name of the reader whose place is kept with what it put in."""

KEPT = timedelta(days=7)
KEPT_THREADS = timedelta(days=90)
"""So long what was told, and how a channel knows a thread again, are kept."""

WAITING, DELIVERED, DROPPED, WITHDRAWN = "waiting", "delivered", "dropped", "withdrawn"

_LOOKED_AT = 2000
"""So many are looked at for what is next: of what is due, what is critical first and then the oldest."""

_LOOKED_FOR = [tables.delivery.c[name] for name in ("id", "thread", "bundle", "due", "tries", "critical")]


class Outbox:
    """What waits, by channel. Every call is one transaction and raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self) -> int:
        """Return the number of the newest entry that was dealt with; at the first start that is the newest of all."""
        return await self._database.write(_begin)

    async def put(self, read: Read) -> None:
        """Put in what is to be told, take back what has been acted on, and move the reader's place."""
        await self._database.write(_put, read)

    async def channels(self) -> Sequence[str]:
        """Return the channels that something waits for, sorted."""
        return await self._database.read(_channels)

    async def waiting(self, channel: str) -> Sequence[Waiting]:
        """Return what waits for the channel, the oldest first; of very much only the first."""
        return await self._database.read(_waiting, channel)

    async def due(self, channel: str, now: datetime) -> Sequence[Waiting]:
        """Return what is due or was tried already, the oldest first; of very much only the first."""
        return await self._database.read(_due, channel, now)

    async def next(self, channel: str, now: datetime) -> Sequence[Waiting]:
        """Return what is next of each thread where that is due, with its bundle, and what is critical behind it.

        Of very many threads those with something critical, then the oldest. In the order of the ids.
        """
        return await self._database.read(_next, channel, now)

    async def next_due(self, channel: str, now: datetime) -> datetime | None:
        """Return when more is due, of all that waits for the channel; None when that is never."""
        return await self._database.read(_next_due, channel, now)

    async def kept(self, ids: Sequence[int]) -> Sequence[Kept]:
        """Return these, whole, the oldest first."""
        return await self._database.read(_whole, ids)

    async def together(self, ids: Sequence[int], bundle: str) -> None:
        """Keep that these are one message from now on, whatever else comes."""
        await self._database.write(_together, ids, bundle)

    async def delivered(self, told: Sequence[Kept], thread: tuple[str, str], detail: str, at: datetime) -> None:
        """Keep that the channel has these, and (thread, and how the channel knows it); empty, it is forgotten."""
        await self._database.write(_delivered, told, thread, detail, at)

    async def again(self, ids: Sequence[int], due: datetime, detail: str) -> None:
        """Keep that these failed once more, and when they are tried again."""
        await self._database.write(_again, ids, due, detail)

    async def dropped(self, told: Sequence[Kept], reason: str, at: datetime) -> None:
        """Give these up, and write that down."""
        await self._database.write(_drop, told, reason, at)

    async def prune(self, now: datetime) -> None:
        """Forget what ended long ago."""
        await self._database.write(_prune, now)


def _begin(connection: Connection) -> int:
    reader, newest = tables.reader, int(connection.execute(select(func.max(tables.event.c.id))).scalar() or 0)
    at: int | None = connection.execute(select(reader.c.number).where(reader.c.name == READER)).scalar()
    # A journal that was brought back from a backup may be shorter than what we have read of the one before.
    if at is not None and at <= newest:
        return at
    _place(connection, newest)
    return newest


def _place(connection: Connection, number: int) -> None:
    moved = connection.execute(update(tables.reader).where(tables.reader.c.name == READER).values(number=number))
    if not moved.rowcount:
        connection.execute(insert(tables.reader).values(name=READER, number=number))


def _put(connection: Connection, read: Read) -> None:
    rows = [_row(event, due) for event, due in read.due]
    if rows:
        connection.execute(insert(tables.delivery), rows)
    table = tables.delivery
    for number, subject in read.settled:
        acted = update(table).where(table.c.state == WAITING, table.c.awaits == subject, table.c.event < number)
        connection.execute(acted.values(state=WITHDRAWN, ended=table.c.at))
    _place(connection, read.number)


def _row(event: int, due: Due) -> dict[str, object]:
    return {
        "event": event,
        "channel": due.channel,
        "thread": due.notice.thread,
        "policy": due.policy,
        "bundle": due.bundle,
        "awaits": due.awaits,
        "critical": due.notice.severity is Severity.CRITICAL,
        "state": WAITING,
        "since": stamp(due.due),
        "due": stamp(due.due),
        "tries": 0,
        "at": stamp(due.notice.at),
        "body": encode(due.notice),
    }


def _channels(connection: Connection) -> Sequence[str]:
    table = tables.delivery
    names = select(table.c.channel).where(table.c.state == WAITING).distinct().order_by(table.c.channel)
    return connection.execute(names).scalars().all()


def _waiting(connection: Connection, channel: str) -> Sequence[Waiting]:
    return _rows(connection, _of(channel))


def _due(connection: Connection, channel: str, now: datetime) -> Sequence[Waiting]:
    return _rows(connection, _open(channel, now))


def _next(connection: Connection, channel: str, now: datetime) -> Sequence[Waiting]:
    table, of = tables.delivery, _open(channel, now)
    urgent = func.min(case((table.c.critical, table.c.id)))
    threads = select(func.min(table.c.id).label("first"), urgent.label("urgent")).where(of).group_by(table.c.thread)
    heads = threads.subquery()
    found = connection.execute(
        select(*[*_LOOKED_FOR, heads.c.urgent])
        .join(table, table.c.id == heads.c.first)
        .where(table.c.due <= stamp(now))
        .order_by(heads.c.urgent.is_(None), heads.c.first)
        .limit(_LOOKED_AT)
    ).all()
    rows = [_looked_at(row) for row in found]
    behind = [row.urgent for row in found if row.urgent not in (None, row.id)]
    rows += [row for part in chunks(behind) for row in _rows(connection, table.c.id.in_(part))]
    rows += _with_bundles(connection, channel, now, sorted({row.bundle for row in found} - {""}))
    return sorted({each.id: each for each in rows}.values(), key=lambda each: each.id)


def _with_bundles(connection: Connection, channel: str, now: datetime, bundles: Sequence[str]) -> list[Waiting]:
    """All that is in these bundles, and what has to be told before any of it."""
    table, of = tables.delivery, _open(channel, now)
    mates = [row for part in chunks(bundles) for row in _rows(connection, and_(_of(channel), table.c.bundle.in_(part)))]
    before: list[Waiting] = []
    for part in chunks(sorted({each.thread for each in mates})):
        heads = select(func.min(table.c.id)).where(of, table.c.thread.in_(part)).group_by(table.c.thread)
        of_thread = and_(of, table.c.thread.in_(part))
        before += _rows(connection, table.c.id.in_(heads))
        before += _rows(connection, and_(of_thread, table.c.tries > 0))
    return mates + before


def _next_due(connection: Connection, channel: str, now: datetime) -> datetime | None:
    table = tables.delivery
    later = select(func.min(table.c.due)).where(_of(channel), table.c.due > stamp(now))
    at: str | None = connection.execute(later).scalar()
    return None if at is None else moment(at)


def _of(channel: str) -> ColumnElement[bool]:
    return and_(tables.delivery.c.state == WAITING, tables.delivery.c.channel == channel)


def _open(channel: str, now: datetime) -> ColumnElement[bool]:
    """What is due, or was: in its thread, all that comes after it waits for it."""
    table = tables.delivery
    return and_(_of(channel), or_(table.c.due <= stamp(now), table.c.tries > 0))


def _rows(connection: Connection, which: ColumnElement[bool]) -> list[Waiting]:
    rows = select(*_LOOKED_FOR).where(which).order_by(tables.delivery.c.id).limit(_LOOKED_AT)
    return [_looked_at(row) for row in connection.execute(rows)]


def _looked_at(row: Row[Any]) -> Waiting:
    return Waiting(
        id=row.id,
        thread=row.thread,
        bundle=row.bundle,
        due=moment(row.due),
        tries=row.tries,
        critical=row.critical,
    )


def _whole(connection: Connection, ids: Sequence[int]) -> Sequence[Kept]:
    table, threads = tables.delivery, tables.delivery_thread
    same = and_(threads.c.channel == table.c.channel, threads.c.thread == table.c.thread)
    rows = select(table, threads.c.body.label("known")).outerjoin(threads, same)
    found = (connection.execute(rows.where(table.c.id.in_(part))).all() for part in chunks(ids))
    return sorted((_kept(row) for rows in found for row in rows), key=lambda each: each.id)


def _kept(row: Row[tuple[object, ...]]) -> Kept:
    told = Due(
        channel=row.channel,
        policy=row.policy,
        due=moment(row.due),
        notice=decode(Notice, row.body),
        bundle=row.bundle,
        awaits=row.awaits,
    )
    return Kept(id=row.id, event=row.event, told=told, since=moment(row.since), tries=row.tries, known=row.known or "")


def _together(connection: Connection, ids: Sequence[int], bundle: str) -> None:
    for part in chunks(ids):
        connection.execute(update(tables.delivery).where(tables.delivery.c.id.in_(part)).values(bundle=bundle))


def _delivered(
    connection: Connection, told: Sequence[Kept], thread: tuple[str, str], detail: str, at: datetime
) -> None:
    _end(connection, (each.id for each in told), {"state": DELIVERED, "ended": stamp(at), "detail": detail})
    name, known = thread
    table, channel = tables.delivery_thread, told[0].told.channel
    connection.execute(delete(table).where(table.c.channel == channel, table.c.thread == name))
    if known:
        connection.execute(insert(table).values(channel=channel, thread=name, at=stamp(at), body=known))


def _again(connection: Connection, ids: Sequence[int], due: datetime, detail: str) -> None:
    table = tables.delivery
    for part in chunks(ids):
        later = update(table).where(table.c.id.in_(part), table.c.state == WAITING)
        connection.execute(later.values(due=stamp(due), tries=table.c.tries + 1, detail=detail))


def _drop(connection: Connection, told: Sequence[Kept], reason: str, at: datetime) -> None:
    _end(connection, (each.id for each in told), {"state": DROPPED, "ended": stamp(at), "detail": reason})
    deeds = [
        NoticeDropped(
            channel=each.told.channel,
            notice=f"{each.told.notice.topic}: {each.told.notice.title}",
            unit=each.told.notice.unit,
            reason=reason,
        )
        for each in told
    ]
    append(connection, deeds, at)


def _end(connection: Connection, ids: Iterable[int], values: dict[str, object]) -> None:
    for part in chunks(tuple(ids)):
        connection.execute(update(tables.delivery).where(tables.delivery.c.id.in_(part)).values(values))


def _prune(connection: Connection, now: datetime) -> None:
    table, threads = tables.delivery, tables.delivery_thread
    connection.execute(delete(table).where(table.c.ended < stamp(now - KEPT), table.c.state != WAITING))
    connection.execute(delete(threads).where(threads.c.at < stamp(now - KEPT_THREADS)))
