"""What was seen last, one row a unit and target; none of it follows from events, and none is needed to decide."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from reconciler.model.sighting import Facts, Sighting
from reconciler.store import tables
from reconciler.store.codec import decode, encode
from reconciler.store.times import stamp

KEPT = timedelta(days=7)
"""So long something is remembered that nobody looks at any more."""


def remember(connection: Connection, sightings: Sequence[Sighting], facts: Sequence[Facts]) -> None:
    """Put these in the place of older ones, and forget what nobody has looked at for long."""
    if sightings:
        rows = [
            {
                "unit": str(each.unit),
                "target": each.target,
                "looked_at": stamp(each.tried or each.at),
                "body": encode(each),
            }
            for each in sightings
        ]
        put = insert(tables.sighting)
        new = {name: put.excluded[name] for name in ("looked_at", "body")}
        connection.execute(put.on_conflict_do_update(index_elements=["unit", "target"], set_=new), rows)
        newest = max(each.tried or each.at for each in sightings)
        connection.execute(delete(tables.sighting).where(tables.sighting.c.looked_at < stamp(newest - KEPT)))
    if facts:
        told = [{"target": each.target, "body": encode(each)} for each in facts]
        fresh = insert(tables.fact)
        set_ = {"body": fresh.excluded["body"]}
        connection.execute(fresh.on_conflict_do_update(index_elements=["target"], set_=set_), told)


def sightings(connection: Connection, unit: str, target: str) -> tuple[Sighting, ...]:
    """Return what was seen last of the units and on the targets that fit the patterns (``*`` is any text)."""
    here = tables.sighting.c
    fitting = (here.unit.op("GLOB")(_glob(unit)), here.target.op("GLOB")(_glob(target)))
    rows = connection.execute(select(here.body).where(*fitting).order_by(here.unit, here.target))
    return tuple(decode(Sighting, row.body) for row in rows)


def _glob(pattern: str) -> str:
    """Return the pattern with nothing but ``*`` in it that means something to SQLite."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def facts(connection: Connection) -> tuple[Facts, ...]:
    """Return what targets said of themselves, by target."""
    rows = connection.execute(select(tables.fact.c.body).order_by("target"))
    return tuple(decode(Facts, row.body) for row in rows)
