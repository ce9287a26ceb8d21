"""What is known of every unit, read from the tables in one view."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, and_, func, or_, select

from reconciler.model.change import Cause
from reconciler.model.event import AbortRequested, Assessed, HealthChanged, Paused, Pinned, PlanAccepted, Routed
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.rollout import Decision, Rollout, State
from reconciler.model.standing import Heals, Standing, UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.model.word import Word
from reconciler.store import tables
from reconciler.store.codec import decode
from reconciler.store.projections import decode_word
from reconciler.store.times import moment

# Every pass reads all of this again, and little of it has changed. Values are frozen, so one may be handed out twice.
_again = lru_cache(maxsize=65_536)(decode)
_resource = lru_cache(maxsize=65_536)(ResourceId.parse)
_unit_id = lru_cache(maxsize=65_536)(UnitId.parse)
_unit: Callable[[str], Unit] = lru_cache(maxsize=64)(partial(decode, Unit))

_BAD_ENDS = (State.HELD.value, State.REVERT_FAILED.value)


class Standings:
    """Reads what is known of every unit, and anew only what may have changed since it was read last.

    All that follows for a unit comes with an event about it, and events are numbered; only the row of a rollout may
    change without one. Safe to use from several threads: an older view never takes the place of a newer one.
    """

    def __init__(self) -> None:
        self._known: tuple[int, Mapping[UnitId, UnitStanding]] | None = None

    def read(self, connection: Connection) -> Standing:
        """Return what is known of every unit."""
        newest = int(connection.execute(select(func.max(tables.event.c.id))).scalar() or 0)
        before = self._known
        touched = _touched(connection, before[0]) if before else None
        if before is None or touched is None or newest < before[0]:
            units = _read(connection, None)
        else:
            # A unit of which nothing is left to be known is not among those that are read anew.
            others = {unit: known for unit, known in before[1].items() if str(unit) not in touched}
            units = {**others, **_read(connection, touched)} if touched else others
        _with_rollouts(connection, units)
        if self._known is None or self._known[0] <= newest:
            self._known = newest, units
        pauses = {row.unit: decode(Paused, row.body) for row in connection.execute(select(tables.pause))}
        words = _words(connection, [tables.EVERYTHING]).get(tables.EVERYTHING, {}).get("words", ())
        return Standing(units=units, paused=pauses.get(tables.EVERYTHING), words=words)

    def forget(self) -> None:
        """Read everything anew the next time."""
        self._known = None


def _touched(connection: Connection, since: int) -> Collection[str] | None:
    """Return the units with events since that one; None when it is less work to read all of them."""
    table = tables.event
    new = select(table.c.unit).where(table.c.id > since, table.c.unit.is_not(None), table.c.type.not_in(_NOTHING))
    units = connection.execute(new.distinct()).scalars().all()
    return units if len(units) <= _MANY else None


_MANY = 500
_NOTHING = ("step_started", "step_ended", "measured")
"""Events from which nothing follows beside the row of the rollout."""


def _read(connection: Connection, only: Collection[str] | None) -> dict[UnitId, UnitStanding]:
    known: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for part in _PARTS:
        for unit, fields in part(connection, only).items():
            known[unit].update(fields)
    pauses = _chosen(select(tables.pause), tables.pause, only)
    for row in connection.execute(pauses.where(tables.pause.c.unit != tables.EVERYTHING)):
        known[row.unit]["paused"] = decode(Paused, row.body)
    return {_unit_id(name): UnitStanding(unit=_unit_id(name), **fields) for name, fields in known.items()}


def _with_rollouts(connection: Connection, units: dict[UnitId, UnitStanding]) -> None:
    """Put in the rollouts that have not ended as they are now; no unit has one that is not written down there."""
    table = tables.rollout
    rows = connection.execute(select(table.c.unit, table.c.body).where(tables.UNENDED))
    unended = {_unit_id(unit): _again(Rollout, body) for unit, body in rows}
    for unit, known in units.items():
        if known.rollout is not None and unit not in unended:
            units[unit] = replace(known, rollout=None)
    for unit, rollout in unended.items():
        known = units.get(unit) or UnitStanding(unit=unit)
        if known.rollout is not rollout:
            units[unit] = replace(known, rollout=rollout)


def _chosen(query: Select[Any], table: Table, only: Collection[str] | None) -> Select[Any]:
    return query if only is None else query.where(table.c.unit.in_(only))


def accepted_commit(connection: Connection) -> str | None:
    """Return the newest commit that loaded, None before the first."""
    table = tables.git_commit
    accepted = select(table.c.commit_id).where(table.c.accepted).order_by(table.c.number.desc()).limit(1)
    return connection.execute(accepted).scalar()


def _verdicts(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[str, VerdictRecord]] = defaultdict(dict)
    for row in connection.execute(_chosen(select(tables.verdict), tables.verdict, only)):
        found[row.unit][row.digest] = decode(VerdictRecord, row.body)
    return {unit: {"verdicts": records} for unit, records in found.items()}


def _snapshots(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    table, verdict = tables.snapshot, tables.verdict
    good = and_(
        verdict.c.unit == table.c.unit, verdict.c.digest == table.c.digest, verdict.c.verdict == Verdict.GOOD.value
    )
    newest = _chosen(select(func.max(table.c.id)).join(verdict, good), table, only).group_by(table.c.unit)
    rows = connection.execute(select(table).where(table.c.id.in_(newest)))
    return {row.unit: {"last_good": Snapshot(_unit(row.body), moment(row.at))} for row in rows}


def _owned(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[ResourceId, Owned]] = defaultdict(dict)
    for row in connection.execute(_chosen(select(tables.owned), tables.owned, only)):
        found[row.unit][_resource(row.resource)] = _again(Owned, row.body)
    return {unit: {"owned": owned} for unit, owned in found.items()}


def _ended(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    """Find the newest that ended; what a person asked to try again no longer counts."""
    table = tables.rollout
    newest = _chosen(_counting(select(func.max(table.c.end_number))), table, only).group_by(table.c.unit)
    rows = connection.execute(select(table.c.unit, table.c.body).where(table.c.end_number.in_(newest)))
    return {row.unit: {"last": decode(Rollout, row.body)} for row in rows}


def _failed_heals(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
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
    return {row.unit: _failures(row) for row in connection.execute(_chosen(failed, table, only))}


def _failures(row: Row[Any]) -> Mapping[str, int | datetime]:
    return {"failed_heals": row.number, "last_failed_at": moment(row.at)}


def _heals(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[ResourceId, Heals]] = defaultdict(dict)
    for row in connection.execute(_chosen(select(tables.heal), tables.heal, only)):
        found[row.unit][ResourceId.parse(row.resource)] = decode(Heals, row.body)
    return {unit: {"heals": heals} for unit, heals in found.items()}


def _counting(query: Any) -> Any:
    table, retry = tables.rollout, tables.retry
    joined = query.select_from(table).outerjoin(retry, retry.c.unit == table.c.unit)
    return joined.where(table.c.ended, or_(retry.c.number.is_(None), table.c.end_number > retry.c.number))


def _accepted(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(_chosen(select(tables.accepted), tables.accepted, only))
    return {row.unit: {"accepted": decode(PlanAccepted, row.body)} for row in rows}


def _assessed(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(_chosen(select(tables.assessed), tables.assessed, only))
    return {row.unit: {"assessed": decode(Assessed, row.body)} for row in rows}


def _decisions(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, list[Decision]] = defaultdict(list)
    said = _chosen(select(tables.decision), tables.decision, only)
    for row in connection.execute(said.order_by(tables.decision.c.number)):
        found[row.unit].append(decode(Decision, row.body))
    return {unit: {"decisions": tuple(decisions)} for unit, decisions in found.items()}


def _aborts(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(_chosen(select(tables.abort), tables.abort, only))
    return {row.unit: {"abort": decode(AbortRequested, row.body)} for row in rows}


def _pins(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    pin, snapshot = tables.pin, tables.snapshot
    kept = select(pin.c.unit, pin.c.body, snapshot.c.body.label("state"), snapshot.c.at)
    rows = connection.execute(_chosen(kept.outerjoin(snapshot, snapshot.c.id == pin.c.snapshot), pin, only))
    return {unit: _pinned(body, state, at) for unit, body, state, at in rows}


def _pinned(body: str, state: str | None, at: str) -> Mapping[str, Any]:
    kept = Snapshot(_unit(state), moment(at)) if state is not None else None
    return {"pinned": decode(Pinned, body), "pinned_at": kept}


def _routing(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    rows = connection.execute(_chosen(select(tables.routing), tables.routing, only))
    return {row.unit: {"routing": _again(Routed, row.body).shares} for row in rows}


def _health(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, dict[str, HealthChanged]] = defaultdict(dict)
    seen = _chosen(select(tables.health), tables.health, only)
    for row in connection.execute(seen.order_by(tables.health.c.target)):
        found[row.unit][row.target] = decode(HealthChanged, row.body)
    return {unit: {"health": health} for unit, health in found.items()}


def _words(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    found: defaultdict[str, list[Word]] = defaultdict(list)
    rows = connection.execute(_chosen(select(tables.word), tables.word, only).order_by(tables.word.c.number))
    for row in rows:
        found[row.unit].append(_word(row.body))
    return {unit: {"words": tuple(words)} for unit, words in found.items()}


def _words_of_units(connection: Connection, only: Collection[str] | None) -> Mapping[str, Mapping[str, Any]]:
    found = _words(connection, only)
    return {unit: words for unit, words in found.items() if unit != tables.EVERYTHING}


_word: Callable[[str], Word] = lru_cache(maxsize=4096)(decode_word)


_PARTS = (
    *(_verdicts, _snapshots, _owned, _ended, _failed_heals, _heals, _assessed, _accepted),
    *(_decisions, _aborts, _pins, _routing, _health, _words_of_units),
)
