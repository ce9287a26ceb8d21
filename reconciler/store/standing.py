"""What is known of every unit, read from the tables in one view."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from reconciler.model.change import Cause
from reconciler.model.event import AbortRequested, Assessed, HealthChanged, Paused, Pinned, PlanAccepted, Routed
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.rollout import Decision, Rollout, State
from reconciler.model.standing import Heals, Standing, UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.store import tables
from reconciler.store.codec import decode
from reconciler.store.times import moment

# Every pass reads all of this again, and little of it has changed. Values are frozen, so one may be handed out twice.
_again = lru_cache(maxsize=65_536)(decode)
_resource = lru_cache(maxsize=65_536)(ResourceId.parse)
_unit: Callable[[str], Unit] = lru_cache(maxsize=64)(partial(decode, Unit))

_BAD_ENDS = (State.HELD.value, State.REVERT_FAILED.value)


def read_standing(connection: Connection) -> Standing:
    """Return what is known of every unit."""
    known: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for part in (
        _verdicts(connection),
        _snapshots(connection),
        _owned(connection),
        _unended(connection),
        _ended(connection),
        _failed_heals(connection),
        _heals(connection),
        _assessed(connection),
        _accepted(connection),
        _decisions(connection),
        _aborts(connection),
        _pins(connection),
        _routing(connection),
        _health(connection),
    ):
        for unit, fields in part.items():
            known[unit].update(fields)
    pauses = {row.unit: decode(Paused, row.body) for row in connection.execute(select(tables.pause))}
    everything = pauses.pop(tables.EVERYTHING, None)
    for unit, paused in pauses.items():
        known[unit]["paused"] = paused
    units = {UnitId.parse(name): UnitStanding(unit=UnitId.parse(name), **fields) for name, fields in known.items()}
    return Standing(units=units, paused=everything)


def accepted_commit(connection: Connection) -> str | None:
    """Return the newest commit that loaded, None before the first."""
    table = tables.git_commit
    accepted = select(table.c.commit_id).where(table.c.accepted).order_by(table.c.number.desc()).limit(1)
    return connection.execute(accepted).scalar()


def _verdicts(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[str, VerdictRecord]] = defaultdict(dict)
    for row in connection.execute(select(tables.verdict)):
        found[row.unit][row.digest] = decode(VerdictRecord, row.body)
    return {unit: {"verdicts": records} for unit, records in found.items()}


def _snapshots(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    table, verdict = tables.snapshot, tables.verdict
    good = and_(
        verdict.c.unit == table.c.unit, verdict.c.digest == table.c.digest, verdict.c.verdict == Verdict.GOOD.value
    )
    newest = select(func.max(table.c.id)).join(verdict, good).group_by(table.c.unit)
    rows = connection.execute(select(table).where(table.c.id.in_(newest)))
    return {row.unit: {"last_good": Snapshot(_unit(row.body), moment(row.at))} for row in rows}


def _owned(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[ResourceId, Owned]] = defaultdict(dict)
    for row in connection.execute(select(tables.owned)):
        found[row.unit][_resource(row.resource)] = _again(Owned, row.body)
    return {unit: {"owned": owned} for unit, owned in found.items()}


def _unended(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    table = tables.rollout
    rows = connection.execute(select(table.c.unit, table.c.body).where(table.c.ended.is_(False)))
    return {row.unit: {"rollout": decode(Rollout, row.body)} for row in rows}


def _ended(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    """Find the newest that ended; what a person asked to try again no longer counts."""
    table = tables.rollout
    newest = _counting(select(func.max(table.c.end_number))).group_by(table.c.unit)
    rows = connection.execute(select(table.c.unit, table.c.body).where(table.c.end_number.in_(newest)))
    return {row.unit: {"last": decode(Rollout, row.body)} for row in rows}


def _failed_heals(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    table = tables.rollout
    good = (
        select(table.c.unit, func.max(table.c.end_number).label("number"))
        .where(table.c.state == State.SUCCEEDED.value)
        .group_by(table.c.unit)
        .subquery()
    )
    failed = (
        _counting(select(table.c.unit, func.count().label("number"), func.max(table.c.updated_at).label("at")))
        .outerjoin(good, good.c.unit == table.c.unit)
        .where(or_(table.c.cause != Cause.COMMIT.value, table.c.state == State.REVERT_FAILED.value))
        .where(table.c.state.in_(_BAD_ENDS))
        .where(or_(good.c.number.is_(None), table.c.end_number > good.c.number))
        .group_by(table.c.unit)
    )
    return {row.unit: _failures(row) for row in connection.execute(failed)}


def _failures(row: Row[Any]) -> Mapping[str, int | datetime]:
    return {"failed_heals": row.number, "last_failed_at": moment(row.at)}


def _heals(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[ResourceId, Heals]] = defaultdict(dict)
    for row in connection.execute(select(tables.heal)):
        found[row.unit][ResourceId.parse(row.resource)] = decode(Heals, row.body)
    return {unit: {"heals": heals} for unit, heals in found.items()}


def _counting(query: Any) -> Any:
    table, retry = tables.rollout, tables.retry
    joined = query.select_from(table).outerjoin(retry, retry.c.unit == table.c.unit)
    return joined.where(table.c.ended, or_(retry.c.number.is_(None), table.c.end_number > retry.c.number))


def _accepted(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(select(tables.accepted))
    return {row.unit: {"accepted": decode(PlanAccepted, row.body)} for row in rows}


def _assessed(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(select(tables.assessed))
    return {row.unit: {"assessed": decode(Assessed, row.body)} for row in rows}


def _decisions(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, list[Decision]] = defaultdict(list)
    for row in connection.execute(select(tables.decision).order_by(tables.decision.c.number)):
        found[row.unit].append(decode(Decision, row.body))
    return {unit: {"decisions": tuple(decisions)} for unit, decisions in found.items()}


def _aborts(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(select(tables.abort))
    return {row.unit: {"abort": decode(AbortRequested, row.body)} for row in rows}


def _pins(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    pin, snapshot = tables.pin, tables.snapshot
    kept = select(pin.c.unit, pin.c.body, snapshot.c.body.label("state"), snapshot.c.at)
    rows = connection.execute(kept.outerjoin(snapshot, snapshot.c.id == pin.c.snapshot))
    return {unit: _pinned(body, state, at) for unit, body, state, at in rows}


def _pinned(body: str, state: str | None, at: str) -> Mapping[str, Any]:
    kept = Snapshot(_unit(state), moment(at)) if state is not None else None
    return {"pinned": decode(Pinned, body), "pinned_at": kept}


def _routing(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(select(tables.routing))
    return {row.unit: {"routing": _again(Routed, row.body).shares} for row in rows}


def _health(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[str, HealthChanged]] = defaultdict(dict)
    for row in connection.execute(select(tables.health).order_by(tables.health.c.target)):
        found[row.unit][row.target] = decode(HealthChanged, row.body)
    return {unit: {"health": health} for unit, health in found.items()}
