"""What a check of rules asks the journal beside a stretch of time: beginnings, ends and proofs of rollouts."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

from reconciler.model.change import Cause
from reconciler.model.identity import UnitId
from reconciler.model.rollout import ENDS, State
from reconciler.store import tables
from reconciler.store.blobs import chunks
from reconciler.store.sqlite import Database
from reconciler.store.times import moment

_ENDED = frozenset(state.value for state in ENDS)
_started = func.json_extract(tables.rollout.c.body, "$.started_at")
_digest = func.json_extract(tables.rollout.c.body, "$.digest")


@dataclass(frozen=True, slots=True)
class Try:
    """A rollout of a unit, with the plan that it began with."""

    unit: UnitId
    plan: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """By rollout: when its first step was begun, and how many steps of each sort succeeded.

    ``ends`` are those whose beginning and end are written down, or whose beginning is and that go on. ``before`` is the
    commit of the last rollout of each unit that began before the time and went well; heals are none. ``tries`` are
    the rollouts that began before the time with a state that one of these brings, oldest first.
    """

    begun: Mapping[str, datetime]
    proofs: Mapping[str, Mapping[str, int]]
    ends: frozenset[str]
    before: Mapping[UnitId, str]
    tries: Sequence[Try]


async def marks(database: Database, rollouts: Sequence[str], since: datetime) -> Marks:
    """Return what is written down of these rollouts; raises JournalUnavailable."""
    return await database.read(_marks, rollouts, since)


def _marks(connection: Connection, rollouts: Sequence[str], since: datetime) -> Marks:
    return Marks(
        begun=_begun(connection, rollouts),
        proofs=_proofs(connection, rollouts),
        ends=_ends(connection, rollouts),
        before=_before(connection, since),
        tries=tuple(_tries(connection, rollouts, since)),
    )


def _begun(connection: Connection, rollouts: Sequence[str]) -> Mapping[str, datetime]:
    table, found = tables.event, dict[str, datetime]()
    for part in chunks(rollouts):
        query = select(table.c.rollout, func.min(table.c.at)).where(
            table.c.rollout.in_(part), table.c.type == "step_started"
        )
        found |= {name: moment(at) for name, at in connection.execute(query.group_by(table.c.rollout))}
    return found


def _ends(connection: Connection, rollouts: Sequence[str]) -> frozenset[str]:
    table, state = tables.event, tables.rollout
    found = set[str]()
    for part in chunks(rollouts):
        moved = select(
            table.c.rollout, func.json_extract(table.c.body, "$.before"), func.json_extract(table.c.body, "$.after")
        ).where(table.c.rollout.in_(part), table.c.type == "rollout_moved")
        began, ended = set[str](), set[str]()
        for name, before, after in connection.execute(moved):
            began |= {name} if before is None else set()
            ended |= {name} if after in _ENDED else set()
        going_on = select(state.c.id).where(state.c.id.in_(part), tables.UNENDED)
        found |= began & (ended | set(connection.execute(going_on).scalars()))
    return frozenset(found)


def _proofs(connection: Connection, rollouts: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    table = tables.event
    done: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for part in chunks(rollouts):
        query = select(
            table.c.rollout,
            func.json_extract(table.c.body, "$.record.plan"),
            func.json_extract(table.c.body, "$.record.index"),
        ).where(
            table.c.rollout.in_(part),
            table.c.type == "step_ended",
            func.json_extract(table.c.body, "$.record.state") == "succeeded",
        )
        for name, plan, index in connection.execute(query):
            done[name].append((plan, index))
    sorts = dict(_sorts(connection, sorted({plan for steps in done.values() for plan, _ in steps})))
    return {
        name: Counter(sorts[plan][index] for plan, index in steps if index < len(sorts.get(plan, ())))
        for name, steps in done.items()
    }


def _sorts(connection: Connection, plans: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    # Plans are large, and what their steps are is small: nothing else of them is made into values.
    table = tables.plan
    for part in chunks(plans):
        for name, body in connection.execute(select(table.c.id, table.c.body).where(table.c.id.in_(part))):
            yield name, tuple(str(step["step"]) for step in json.loads(body)["steps"])


def _before(connection: Connection, since: datetime) -> Mapping[UnitId, str]:
    table = tables.rollout
    newest = (
        select(func.max(table.c.number))
        .where(
            table.c.state == State.SUCCEEDED.value,
            table.c.cause != Cause.DRIFT.value,
            func.json_extract(table.c.body, "$.commit") != "",
            _started < since.astimezone(UTC).isoformat(),
        )
        .group_by(table.c.unit)
    )
    rows = connection.execute(
        select(table.c.unit, func.json_extract(table.c.body, "$.commit")).where(table.c.number.in_(newest))
    )
    return {UnitId.parse(unit): commit for unit, commit in rows}


def _tries(connection: Connection, rollouts: Sequence[str], since: datetime) -> Iterator[Try]:
    table = tables.rollout
    same = set[tuple[str, str]]()
    for part in chunks(rollouts):
        rows = connection.execute(select(table.c.unit, _digest).where(table.c.id.in_(part)))
        same |= {(unit, digest) for unit, digest in rows}
    plan = func.json_extract(table.c.body, "$.forward")
    for part in chunks(sorted({unit for unit, _ in same})):
        query = select(table.c.unit, _digest, plan, _started).where(
            table.c.unit.in_(part), _started < since.astimezone(UTC).isoformat()
        )
        for unit, digest, name, at in connection.execute(query.order_by(table.c.number)):
            if (unit, digest) in same:
                yield Try(UnitId.parse(unit), name, moment(at))
