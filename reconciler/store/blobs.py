"""Contents by digest, each stored once, as long as something could still ask for them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, or_, select

from reconciler.model.canonical import Digest
from reconciler.model.carried import blobs_of
from reconciler.model.plan import Apply, Plan
from reconciler.model.unit import Unit
from reconciler.store import tables

T = TypeVar("T")

_CHUNK = 500  # SQLite bounds the number of parameters of a statement


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut into parts small enough for one statement."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def named_by_unit(unit: Unit) -> set[Digest]:
    """Return the contents a unit's resources speak of."""
    return {content.blob for resource in unit.resources for content in resource.contents.values()}


def mentioned_by_unit(unit: Unit) -> set[Digest]:
    """Return the contents a unit needs wherever they are stored: an archive may have come with the repository."""
    values = (value for resource in unit.resources for value in resource.attributes.values())
    return named_by_unit(unit) | {value for value in values if isinstance(value, str) and value.startswith("sha256:")}


def named_by_plan(plan: Plan) -> set[Digest]:
    """Return the contents a plan speaks of: those it writes, and those of the whole state it leads to."""
    applies = [step for step in plan.steps if isinstance(step, Apply)]
    operations = [operation for step in applies for target in step.targets for operation in target.operations]
    return {*blobs_of(operations), *named_by_unit(plan.unit)}


def put(connection: Connection, contents: Mapping[Digest, bytes]) -> None:
    """Store what is not there yet."""
    missing = set(contents) - present(connection, contents)
    if missing:
        rows = [{"digest": digest, "data": contents[digest]} for digest in sorted(missing)]
        connection.execute(insert(tables.blob), rows)


def get(connection: Connection, wanted: Iterable[Digest]) -> dict[Digest, bytes]:
    """Return the contents; KeyError naming the first that is missing."""
    names = list(dict.fromkeys(wanted))
    found: dict[Digest, bytes] = {}
    for part in chunks(names):
        rows = connection.execute(
            select(tables.blob.c.digest, tables.blob.c.data).where(tables.blob.c.digest.in_(part))
        )
        found.update({row.digest: row.data for row in rows})
    for name in names:
        if name not in found:
            raise KeyError(name)
    return found


def present(connection: Connection, names: Iterable[Digest]) -> set[Digest]:
    """Return those of the names that are stored."""
    found: set[Digest] = set()
    for part in chunks(list(names)):
        rows = connection.execute(select(tables.blob.c.digest).where(tables.blob.c.digest.in_(part)))
        found |= set(rows.scalars())
    return found


def name_for_plan(connection: Connection, plan: Plan) -> None:
    """Note which contents the plan needs."""
    rows = [{"plan": plan.id, "blob": name} for name in sorted(named_by_plan(plan) | mentioned_by_unit(plan.unit))]
    if rows:
        connection.execute(insert(tables.plan_blob), rows)


def name_for_snapshot(connection: Connection, snapshot: int, unit: Unit) -> None:
    """Note which contents the snapshot needs."""
    rows = [{"snapshot": snapshot, "blob": name} for name in sorted(mentioned_by_unit(unit))]
    if rows:
        connection.execute(insert(tables.snapshot_blob), rows)


def of_plans(connection: Connection, plans: Iterable[str]) -> set[Digest]:
    """Return the contents that the plans need."""
    table = tables.plan_blob
    return set(connection.execute(select(table.c.blob).where(table.c.plan.in_(list(plans)))).scalars())


def of_snapshots(connection: Connection, snapshots: Iterable[int]) -> set[Digest]:
    """Return the contents that the snapshots need."""
    table = tables.snapshot_blob
    return set(connection.execute(select(table.c.blob).where(table.c.snapshot.in_(list(snapshots)))).scalars())


def prune(connection: Connection, names: Iterable[Digest]) -> None:
    """Remove those of the contents that neither a kept snapshot nor the plan of an unfinished rollout speaks of."""
    for part in chunks(sorted(names)):
        connection.execute(delete(tables.blob).where(tables.blob.c.digest.in_(part), *_UNNEEDED))


def prune_all(connection: Connection) -> None:
    """Do the same for all there are."""
    connection.execute(delete(tables.blob).where(*_UNNEEDED))


def _in_hand() -> ColumnElement[bool]:
    rollout, plan, needed = tables.rollout, tables.plan, tables.plan_blob
    # By way of the unit, since there is an index of its one unfinished rollout.
    planned = needed.join(plan, plan.c.id == needed.c.plan).join(
        rollout,
        (rollout.c.unit == plan.c.unit)
        & tables.UNENDED
        & or_(rollout.c.plan == needed.c.plan, rollout.c.forward == needed.c.plan),
    )
    return exists().select_from(planned).where(needed.c.blob == tables.blob.c.digest)


_KEPT = exists().where(tables.snapshot_blob.c.blob == tables.blob.c.digest)
_UNNEEDED = (~_KEPT, ~_in_hand())
