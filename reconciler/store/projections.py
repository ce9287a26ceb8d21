"""What follows from each event, written in the same transaction; ``rebuild`` makes it all again from the events.

Rollouts, plans, leases and contents are records of their own, not projections: events tell of their moves only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from reconciler.model.deed import Deed
from reconciler.model.event import (
    AbortRequested,
    Assessed,
    CommitAccepted,
    CommitRefused,
    DecisionTaken,
    Event,
    Healed,
    HealthChanged,
    Measured,
    Paused,
    Pinned,
    PlanAccepted,
    Released,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    RewriteAccepted,
    RolloutMoved,
    Routed,
    SnapshotTaken,
    SourceFound,
    SourceLost,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.facets import unit_of
from reconciler.model.identity import UnitId
from reconciler.model.rollout import ENDS
from reconciler.model.standing import Heals
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Verdict, VerdictRecord
from reconciler.model.word import Said, Word
from reconciler.policy.drift import healed_again
from reconciler.policy.in_force import asked_anew, in_force
from reconciler.store import blobs, entries, tables
from reconciler.store.codec import decode, encode
from reconciler.store.times import moment, stamp

KEPT_SNAPSHOTS = 5
"""How many good states of a unit are kept to go back to."""


def append(connection: Connection, events: Sequence[Event], at: datetime) -> list[int]:
    """Append the events and what follows from them; return their numbers."""
    request, numbers = entries.request_of(events), []
    for event in events:
        number = entries.add(connection, event, at, request)
        project(connection, event, number, at)
        numbers.append(number)
    return numbers


def project(connection: Connection, event: Event, number: int, at: datetime) -> None:  # noqa: C901, PLR0912 - a case an event
    """Write what follows from one event."""
    if isinstance(event, Said):
        _say(connection, event, number)
        return
    if isinstance(event, Deed):
        return
    match event:
        case CommitAccepted() | CommitRefused():
            accepted = isinstance(event, CommitAccepted)
            row = {"number": number, "commit_id": event.commit, "accepted": accepted}
            connection.execute(insert(tables.git_commit).values(row))
        case ResourcesApplied():
            _own(connection, event)
        case Healed():
            _heal(connection, event, at)
        case VerdictGiven():
            _judge(connection, event, at)
            _end_fights(connection, event.unit)
        case SnapshotTaken():
            _keep(connection, event.unit, at)
        case Assessed() | PlanAccepted() | Paused() | AbortRequested() | Routed():
            _put_newest(connection, event)
        case Resumed():
            unit = str(event.unit or tables.EVERYTHING)
            connection.execute(delete(tables.pause).where(tables.pause.c.unit == unit))
        case RetryRequested():
            _forget(connection, event, number, at)
            _end_fights(connection, event.unit)
            _ask_anew(connection, str(event.unit))
        case DecisionTaken() | Pinned() | Released() | HealthChanged():
            _note(connection, event, number)
        case RolloutMoved():
            _move(connection, event)
        case StepStarted() | StepEnded() | Measured() | SourceLost() | SourceFound() | RewriteAccepted():
            pass
        case _:
            assert_never(event)


def rebuild(connection: Connection) -> None:
    """Throw every projection away and make it again from the events."""
    for table in (
        tables.git_commit,
        tables.pin,
        tables.decision,
        tables.abort,
        tables.routing,
        tables.health,
        tables.owned,
        tables.heal,
        tables.verdict,
        tables.snapshot_blob,
        tables.snapshot,
        tables.assessed,
        tables.pause,
        tables.accepted,
        tables.retry,
        tables.word,
    ):
        connection.execute(delete(table))
    events = select(tables.event.c.id, tables.event.c.at, tables.event.c.body).order_by(tables.event.c.id)
    for number, at, body in connection.execute(events).all():
        project(connection, entries.decode_event(body), number, moment(at))


def _put_newest(connection: Connection, event: Assessed | PlanAccepted | Paused | AbortRequested | Routed) -> None:
    tables_of = {
        Assessed: tables.assessed,
        PlanAccepted: tables.accepted,
        Paused: tables.pause,
        AbortRequested: tables.abort,
        Routed: tables.routing,
    }
    _put_one(connection, str(event.unit or tables.EVERYTHING), tables_of[type(event)], encode(event))


def _move(connection: Connection, event: RolloutMoved) -> None:
    unit = str(event.unit)
    if event.before is None:
        # What a person accepted was this one rollout: should it fail, it is not tried again by itself.
        connection.execute(delete(tables.accepted).where(tables.accepted.c.unit == unit))
        _ask_anew(connection, unit)
    over = event.after in ENDS
    if event.before is None or over:
        # What people said was about one rollout.
        for table in (tables.decision, tables.abort):
            connection.execute(delete(table).where(table.c.unit == unit))
    if over:
        # What the checks saw was of the state before.
        connection.execute(delete(tables.health).where(tables.health.c.unit == unit))


def _note(connection: Connection, event: DecisionTaken | Pinned | Released | HealthChanged, number: int) -> None:
    match event:
        case DecisionTaken():
            row = {"number": number, "unit": str(event.unit), "body": encode(event.decision)}
            connection.execute(insert(tables.decision).values(row))
        case Pinned():
            _pin(connection, event)
        case Released():
            connection.execute(delete(tables.pin).where(tables.pin.c.unit == str(event.unit)))
        case HealthChanged():
            _feel(connection, event)
        case _:
            assert_never(event)


def _say(connection: Connection, word: Word, number: int) -> None:
    """Keep what is in force; each word stays in the row of the event that said it."""
    unit = str(unit_of(word) or tables.EVERYTHING)
    known = _words(connection, unit)
    after = in_force(tuple(known.values()), word)
    _unsay(connection, known, after)
    if any(word is one for one in after):
        connection.execute(insert(tables.word).values(number=number, unit=unit, body=encode(word)))


def _words(connection: Connection, unit: str) -> dict[int, Word]:
    table = tables.word
    rows = connection.execute(select(table.c.number, table.c.body).where(table.c.unit == unit).order_by(table.c.number))
    return {row.number: decode_word(row.body) for row in rows}


def _unsay(connection: Connection, known: Mapping[int, Word], after: tuple[Word, ...]) -> None:
    """Forget those words that are no longer in force."""
    gone = [each for each, said in known.items() if all(said is not one for one in after)]
    connection.execute(delete(tables.word).where(tables.word.c.number.in_(gone)))


def _ask_anew(connection: Connection, unit: str) -> None:
    said = _words(connection, unit)
    _unsay(connection, said, asked_anew(tuple(said.values())))


def decode_word(body: str) -> Word:
    """Read a word back."""
    word: Word = decode(Word, body)  # type: ignore[arg-type]
    return word


def _pin(connection: Connection, event: Pinned) -> None:
    table, unit = tables.snapshot, str(event.unit)
    newest = select(func.max(table.c.id)).where(table.c.unit == unit, table.c.digest == event.digest)
    snapshot = connection.execute(newest).scalar()
    connection.execute(delete(tables.pin).where(tables.pin.c.unit == unit))
    connection.execute(insert(tables.pin).values(unit=unit, snapshot=snapshot, body=encode(event)))


def _feel(connection: Connection, event: HealthChanged) -> None:
    table, unit = tables.health, str(event.unit)
    connection.execute(delete(table).where(table.c.unit == unit, table.c.target == event.target))
    connection.execute(insert(table).values(unit=unit, target=event.target, body=encode(event)))


def _own(connection: Connection, event: ResourcesApplied) -> None:
    table = tables.owned
    ids = [str(one.resource.id) for one in event.applied]
    before: dict[str, Owned] = {}
    for part in blobs.chunks(ids):
        known = connection.execute(select(table.c.resource, table.c.body).where(table.c.resource.in_(part)))
        before.update({row.resource: decode(Owned, row.body) for row in known})
    gone = ids + [str(resource) for resource in event.removed]
    for part in blobs.chunks(gone):
        connection.execute(delete(table).where(table.c.resource.in_(part)))
    owned = {str(one.resource.id): _owned_still(one, before.get(str(one.resource.id))) for one in event.applied}
    rows = [
        {"resource": name, "unit": str(event.unit), "created": one.created, "body": encode(one)}
        for name, one in owned.items()
    ]
    if rows:
        connection.execute(insert(table), rows)


def _heal(connection: Connection, event: Healed, at: datetime) -> None:
    table = tables.heal
    known = connection.execute(select(table).where(table.c.unit == str(event.unit)))
    before = {row.resource: decode(Heals, row.body) for row in known}
    for one in event.mended:
        name = str(one.resource)
        now = healed_again(before.get(name), one.fields, at)
        connection.execute(delete(table).where(table.c.resource == name))
        connection.execute(insert(table).values(resource=name, unit=str(event.unit), body=encode(now)))


def _end_fights(connection: Connection, unit: UnitId) -> None:
    """A new state, or a person who looked, begins the counting of heals anew."""
    connection.execute(delete(tables.heal).where(tables.heal.c.unit == str(unit)))


def _owned_still(now: Owned, before: Owned | None) -> Owned:
    """Whoever created a resource, or took it over, stays the one who did, however often it is applied again."""
    if before is None:
        return now
    if not now.sure:
        return replace(before, created=now.created or before.created)
    return replace(now, created=now.created or before.created, before=now.before or before.before)


def _judge(connection: Connection, event: VerdictGiven, at: datetime) -> None:
    record = VerdictRecord(
        unit=event.unit,
        digest=event.digest,
        verdict=event.verdict,
        reason=event.reason,
        commit=event.commit,
        at=at,
    )
    table = tables.verdict
    same = (table.c.unit == str(event.unit)) & (table.c.digest == event.digest)
    connection.execute(delete(table).where(same))
    row = {"unit": str(event.unit), "digest": event.digest, "verdict": event.verdict.value, "body": encode(record)}
    connection.execute(insert(table).values(row))


def _keep(connection: Connection, unit: Unit, at: datetime) -> None:
    table = tables.snapshot
    row = {"unit": str(unit.id), "digest": unit.digest, "at": stamp(at), "body": encode(unit)}
    (number,) = connection.execute(insert(table).values(row).returning(table.c.id)).one()
    blobs.name_for_snapshot(connection, number, unit)
    let_go = (table.c.unit == str(unit.id)) & table.c.id.not_in(_kept(connection, unit.id))
    if gone := connection.execute(select(table.c.id).where(let_go)).scalars().all():
        needed = blobs.of_snapshots(connection, gone)
        connection.execute(delete(table).where(table.c.id.in_(gone)))
        blobs.prune(connection, needed)


def _kept(connection: Connection, unit: UnitId) -> list[int]:
    """Return the snapshots to keep: the newest, where it is held, and the newest good ones, one of each state."""
    table, verdict = tables.snapshot, tables.verdict
    judged = (verdict.c.unit == table.c.unit) & (verdict.c.digest == table.c.digest)
    mine = select(table.c.id, table.c.digest, verdict.c.verdict).outerjoin(verdict, judged)
    rows = connection.execute(mine.where(table.c.unit == str(unit)).order_by(table.c.id.desc())).all()
    good: dict[str, int] = {}
    for row in rows:
        if row.verdict == Verdict.GOOD.value:
            good.setdefault(row.digest, row.id)
    pinned = connection.execute(select(tables.pin.c.snapshot).where(tables.pin.c.unit == str(unit))).scalar()
    return [rows[0].id, *list(good.values())[:KEPT_SNAPSHOTS], *([pinned] if pinned is not None else [])]


def _put_one(connection: Connection, unit: str, table: Table, body: str) -> None:
    connection.execute(delete(table).where(table.c.unit == unit))
    connection.execute(insert(table).values(unit=unit, body=body))


def _forget(connection: Connection, event: RetryRequested, number: int, at: datetime) -> None:
    table, unit = tables.verdict, str(event.unit)
    bad = select(table).where(table.c.unit == unit, table.c.verdict == Verdict.BAD.value)
    for row in connection.execute(bad).all():
        record = decode(VerdictRecord, row.body)
        reason = f"{event.author} asked for another try: {event.reason}"
        again = VerdictRecord(
            unit=record.unit,
            digest=record.digest,
            verdict=Verdict.UNKNOWN,
            reason=reason,
            commit=record.commit,
            at=at,
            asked_by=event.author,
        )
        connection.execute(
            update(table)
            .where(table.c.unit == unit, table.c.digest == record.digest)
            .values(verdict=Verdict.UNKNOWN.value, body=encode(again))
        )
    connection.execute(delete(tables.retry).where(tables.retry.c.unit == unit))
    connection.execute(insert(tables.retry).values(unit=unit, number=number))
