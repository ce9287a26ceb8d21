"""What the journal says of itself in figures: how large it is, what waits in it, up to where it is signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from reconciler.store import tables
from reconciler.store.times import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFigures:
    """``size`` is in bytes. ``deliveries`` are counts by channel and state, ``oldest`` is since when one waits.

    ``signed`` is the number of the newest entry that a checkpoint speaks of, 0 before the first.
    """

    newest: int
    size: int
    deliveries: Mapping[tuple[str, str], int]
    oldest: Mapping[str, datetime]
    signed: int
    signed_at: datetime | None


def figures(connection: Connection) -> JournalFigures:
    """Return them as they are in this view."""
    delivery, checkpoint = tables.delivery.c, tables.checkpoint.c
    by_state = select(delivery.channel, delivery.state, func.count()).group_by(delivery.channel, delivery.state)
    waiting = select(delivery.channel, func.min(delivery.at)).where(delivery.ended.is_(None)).group_by(delivery.channel)
    signed = select(checkpoint.number, checkpoint.at).order_by(checkpoint.number.desc()).limit(1)
    newest = connection.execute(signed).first()
    pages, page = (connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "page_size"))
    return JournalFigures(
        newest=int(connection.execute(select(func.max(tables.event.c.id))).scalar() or 0),
        size=int(pages or 0) * int(page or 0),
        deliveries={(channel, state): many for channel, state, many in connection.execute(by_state)},
        oldest={channel: moment(at) for channel, at in connection.execute(waiting)},
        signed=newest.number if newest else 0,
        signed_at=moment(newest.at) if newest else None,
    )
