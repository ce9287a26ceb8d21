"""Entries of the journal: one row an event, each linked to the one before it, none ever changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reconciler.model.chain import BEGINNING, Row, link
from reconciler.model.deed import Requested
from reconciler.model.event import Event
from reconciler.model.facets import facets
from reconciler.store.codec import decode, encode
from reconciler.store.times import stamp

_NEWEST = "SELECT id, link FROM event ORDER BY id DESC LIMIT 1"
_ARCHIVED = "SELECT last, link FROM archived ORDER BY last DESC LIMIT 1"


def add(connection: Connection, event: Event, at: datetime, request: str = "") -> int:
    """Write one event down as the newest entry; return its number."""
    number, last = newest(connection)
    row = row_of(number + 1, event, at, request)
    # Every entry comes through here, so it goes to the driver as it is.
    connection.exec_driver_sql(_ADD, (*columns(row).values(), link(last, row)))
    return row.number


def newest(connection: Connection) -> tuple[int, str]:
    """Return the number and the link of the newest entry there ever was: 0 and the beginning before the first."""
    found = connection.exec_driver_sql(_NEWEST).first()
    if found is None:
        # All of it is archived: the chain goes on, and a number is never given twice.
        found = connection.exec_driver_sql(_ARCHIVED).first()
    return (found[0], found[1]) if found else (0, BEGINNING)


def request_of(events: Sequence[Event]) -> str:
    """Return the id of the request that the events of one write follow from, empty where there was none."""
    return next((each.id for each in events if isinstance(each, Requested)), "")


def row_of(number: int, event: Event, at: datetime, request: str = "") -> Row:
    """Return the entry as it is stored, without its link."""
    known = facets(event)
    return Row(
        number=number,
        at=stamp(at),
        type=event.event,
        unit=known.unit or None,
        rollout=known.rollout or None,
        environment=known.environment,
        actor=known.actor,
        outcome=known.outcome,
        request=request,
        body=encode(event),
    )


def columns(row: Row) -> dict[str, Any]:
    """Return the columns of the entry, without its link."""
    return {"id": row.number, **{name: getattr(row, name) for name in _NAMES}}


_NAMES = ("at", "type", "unit", "rollout", "environment", "actor", "outcome", "request", "body")
_ADD = f"INSERT INTO event (id, {', '.join(_NAMES)}, link) VALUES ({', '.join('?' * (len(_NAMES) + 2))})"  # noqa: S608 - names of columns


def decode_event(body: str) -> Event:
    """Read an event back."""
    event: Event = decode(Event, body)  # type: ignore[arg-type]
    return event
