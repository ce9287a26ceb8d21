"""What was seen last, one row a unit and target; none of it follows from events, and none is needed to decide."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from reconciler.model.canonical import plain
from reconciler.model.identity import UnitId
from reconciler.model.resource import Observation
from reconciler.model.sighting import Facts, Sighting
from reconciler.store import tables
from reconciler.store.codec import decode, encode, reader
from reconciler.store.times import moment, stamp

KEPT = timedelta(days=7)
"""So long something is remembered that nobody looks at any more."""

_HERE = tables.sighting.c
_OBSERVED = reader(Mapping[str, Observation])


def remember(connection: Connection, new: Sequence[Sighting], again: Sequence[Sighting]) -> None:
    """Put what is new in the place of what was seen before; of what was seen ``again``, only when."""
    if new:
        put = insert(tables.sighting)
        changed = {name: put.excluded[name] for name in ("at", "tried", "trouble", "seen")}
        rows = [{**_when(each), "seen": json.dumps(plain(each.seen))} for each in new]
        connection.execute(put.on_conflict_do_update(index_elements=["unit", "target"], set_=changed), rows)
    if again:
        here = (_HERE.unit == bindparam("its_unit"), _HERE.target == bindparam("its_target"))
        now: Mapping[str, Any] = {name: bindparam(f"now_{name}") for name in ("at", "tried", "trouble")}
        times = [_named(_when(each)) for each in again]
        connection.execute(update(tables.sighting).where(*here).values(**now), times)
    newest = max((each.tried or each.at for each in (*new, *again)), default=None)
    if newest is not None:
        forgotten = func.coalesce(_HERE.tried, _HERE.at) < stamp(newest - KEPT)
        connection.execute(delete(tables.sighting).where(forgotten))


def put_facts(connection: Connection, facts: Sequence[Facts]) -> None:
    """Put what targets said of themselves in the place of what they said before."""
    fresh = insert(tables.fact)
    told = [{"target": each.target, "body": encode(each)} for each in facts]
    set_ = {"body": fresh.excluded["body"]}
    connection.execute(fresh.on_conflict_do_update(index_elements=["target"], set_=set_), told)


def sightings(connection: Connection, unit: str, target: str) -> tuple[Sighting, ...]:
    """Return what was seen last of the units and on the targets that fit the patterns (``*`` is any text)."""
    fitting = (_HERE.unit.op("GLOB")(_glob(unit)), _HERE.target.op("GLOB")(_glob(target)))
    rows = connection.execute(select(tables.sighting).where(*fitting).order_by(_HERE.unit, _HERE.target))
    return tuple(_read(row) for row in rows)


def facts(connection: Connection) -> tuple[Facts, ...]:
    """Return what targets said of themselves, by target."""
    rows = connection.execute(select(tables.fact.c.body).order_by("target"))
    return tuple(decode(Facts, row.body) for row in rows)


def _when(each: Sighting) -> dict[str, Any]:
    tried = stamp(each.tried) if each.tried else None
    return {
        "unit": str(each.unit),
        "target": each.target,
        "at": stamp(each.at),
        "tried": tried,
        "trouble": each.trouble,
    }


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    which = {f"its_{name}": row[name] for name in ("unit", "target")}
    return which | {f"now_{name}": row[name] for name in ("at", "tried", "trouble")}


def _read(row: Any) -> Sighting:
    return Sighting(
        unit=UnitId.parse(row.unit),
        target=row.target,
        at=moment(row.at),
        seen=_OBSERVED(json.loads(row.seen)),
        trouble=row.trouble,
        tried=moment(row.tried) if row.tried else None,
    )


def _glob(pattern: str) -> str:
    """Return the pattern with nothing but ``*`` in it that means something to SQLite."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
