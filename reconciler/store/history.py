"""What the journal can tell a person: commits, rollouts, events and plans, newest first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from statistics import median_low
from typing import TypeVar

from sqlalchemy import Connection, Select, func, select

from reconciler.model.canonical import Digest
from reconciler.model.event import CommitAccepted, CommitRefused, Event, RewriteAccepted, SourceLost, StepEnded
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Commits, Entry, Kept
from reconciler.model.rollout import Rollout, StepState
from reconciler.model.unit import Unit
from reconciler.model.verdict import Snapshot, Verdict
from reconciler.store import rollouts, tables
from reconciler.store.blobs import present
from reconciler.store.codec import decode
from reconciler.store.entries import decode_event
from reconciler.store.sqlite import Database
from reconciler.store.times import moment

E = TypeVar("E", bound=Event)


class History:
    """Questions about the past; every answer is one consistent view. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._plans: Mapping[str, Plan] = {}

    async def commits(self) -> Commits:
        """Return the newest accepted commit, and the newest refused one unless a later commit was accepted."""
        return await self._database.read(_commits)

    async def accepted(self, limit: int) -> Sequence[str]:
        """Return the ids of the commits that were accepted last, newest first, each once for each time."""
        return await self._database.read(_accepted, limit)

    async def rollouts(self, unit: UnitId | None = None, limit: int = 20) -> Sequence[Rollout]:
        """Return the newest rollouts, of one unit or of all."""
        return await self._database.read(_rollouts, unit, limit)

    async def running(self) -> Sequence[Rollout]:
        """Return the rollouts that have not ended, oldest first."""
        return await self._database.read(_running)

    async def of_unit(self, unit: UnitId, limit: int = 100) -> Sequence[Entry]:
        """Return the newest events about a unit, in the order they happened."""
        return await self._database.read(_entries, select(tables.event).where(tables.event.c.unit == str(unit)), limit)

    async def of_rollout(self, rollout: str, limit: int = 1000) -> Sequence[Entry]:
        """Return the newest events about a rollout, in the order they happened."""
        return await self._database.read(_entries, select(tables.event).where(tables.event.c.rollout == rollout), limit)

    async def since(self, number: int, limit: int = 1000) -> Sequence[Entry]:
        """Return the events after the given number, in the order they happened."""
        return await self._database.read(_since, number, limit)

    async def newest(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return await self._database.glance(_number)

    async def newest_of(self, kind: type[E]) -> E | None:
        """Return the newest event of that sort, None where there is none."""
        return await self._database.read(_newest_of, kind)

    async def units(self) -> Sequence[str]:
        """Return the names of all units that were ever assessed, sorted."""
        return await self._database.read(_units)

    async def plans(self, ids: Collection[str]) -> Mapping[str, Plan]:
        """Return stored plans by id; KeyError naming the first that there is none of."""
        known = {each: self._plans[each] for each in ids if each in self._plans}
        known |= await self._database.read(rollouts.get_plans, [each for each in ids if each not in known])
        self._plans = known
        return known

    async def took(self, unit: UnitId) -> Mapping[str, timedelta]:
        """Return how long each sort of step (``apply``, ``probe``) took in the unit's newest rollouts, the median."""
        return await self._database.read(_took, unit)

    async def states(self, unit: UnitId) -> Sequence[Kept]:
        """Return the states of a unit that are kept, newest first, each once."""
        return await self._database.read(_states, unit)

    async def missing(self, blobs: Iterable[Digest]) -> set[Digest]:
        """Return those of the contents that are not stored."""
        wanted = set(blobs)
        return wanted - await self._database.read(present, wanted)

    async def plan(self, plan: str) -> Plan:
        """Return a stored plan; KeyError when there is none."""
        return await self._database.read(rollouts.get_plan, plan)


_STEPS_LOOKED_AT = 60


def _took(connection: Connection, unit: UnitId) -> Mapping[str, timedelta]:
    table = tables.event
    ended = select(table.c.body).where(table.c.unit == str(unit), table.c.type == "step_ended")
    found: defaultdict[str, list[timedelta]] = defaultdict(list)
    plans: dict[str, Plan] = {}
    for body in connection.execute(ended.order_by(table.c.id.desc()).limit(_STEPS_LOOKED_AT)).scalars():
        record = decode(StepEnded, body).record
        if record.plan not in plans:
            plans[record.plan] = rollouts.get_plan(connection, record.plan)
        if record.ended_at and record.state is StepState.SUCCEEDED:
            found[plans[record.plan].steps[record.index].step].append(record.ended_at - record.started_at)
    return {sort: median_low(durations) for sort, durations in found.items()}


def _states(connection: Connection, unit: UnitId) -> Sequence[Kept]:
    table, verdict = tables.snapshot, tables.verdict
    judged = (verdict.c.unit == table.c.unit) & (verdict.c.digest == table.c.digest)
    mine = select(table.c.id, table.c.digest, table.c.at, table.c.body, verdict.c.verdict).outerjoin(verdict, judged)
    pinned = connection.execute(select(tables.pin.c.snapshot).where(tables.pin.c.unit == str(unit))).scalar()
    found: dict[str, Kept] = {}
    for row in connection.execute(mine.where(table.c.unit == str(unit)).order_by(table.c.id.desc())):
        kept = Snapshot(decode(Unit, row.body), moment(row.at))
        known = Kept(snapshot=kept, verdict=Verdict(row.verdict or Verdict.UNKNOWN), pinned=row.id == pinned)
        found.setdefault(row.digest, known)
    return list(found.values())


def _commits(connection: Connection) -> Commits:
    accepted, refused = _newest(connection, accepted=True), _newest(connection, accepted=False)
    if accepted and refused and refused.number < accepted.number:
        refused = None
    lost = _lost(connection)
    return Commits(
        accepted=accepted.event if accepted and isinstance(accepted.event, CommitAccepted) else None,
        accepted_at=accepted.at if accepted else None,
        refused=refused.event if refused and isinstance(refused.event, CommitRefused) else None,
        refused_at=refused.at if refused else None,
        lost=lost.event if lost and isinstance(lost.event, SourceLost) else None,
        lost_at=lost.at if lost else None,
        let_by=_let_by(connection, accepted.number if accepted else 0),
    )


def _accepted(connection: Connection, limit: int) -> Sequence[str]:
    table = tables.event
    query = select(table.c.body).where(table.c.type == "commit_accepted").order_by(table.c.id.desc()).limit(limit)
    return [decode(CommitAccepted, body).commit for body in connection.execute(query).scalars()]


def _let_by(connection: Connection, since: int) -> frozenset[str]:
    table = tables.event
    rows = connection.execute(select(table.c.body).where(table.c.type == "rewrite_accepted", table.c.id > since))
    return frozenset(decode(RewriteAccepted, body).commit for body in rows.scalars())


def _lost(connection: Connection) -> Entry | None:
    table = tables.event
    about = select(table).where(table.c.type.in_(["source_lost", "source_found"]))
    rows = connection.execute(about.order_by(table.c.id.desc()).limit(1)).all()
    return Entry(rows[0].id, moment(rows[0].at), decode_event(rows[0].body)) if rows else None


def _newest(connection: Connection, *, accepted: bool) -> Entry | None:
    table = tables.git_commit
    number = select(table.c.number).where(table.c.accepted.is_(accepted)).order_by(table.c.number.desc()).limit(1)
    rows = connection.execute(select(tables.event).where(tables.event.c.id.in_(number))).all()
    return Entry(rows[0].id, moment(rows[0].at), decode_event(rows[0].body)) if rows else None


def _rollouts(connection: Connection, unit: UnitId | None, limit: int) -> Sequence[Rollout]:
    table = tables.rollout
    query = select(table.c.body).order_by(table.c.number.desc()).limit(limit)
    if unit:
        query = query.where(table.c.unit == str(unit))
    return [decode(Rollout, body) for body in connection.execute(query).scalars()]


def _units(connection: Connection) -> Sequence[str]:
    return connection.execute(select(tables.assessed.c.unit).order_by(tables.assessed.c.unit)).scalars().all()


def _running(connection: Connection) -> Sequence[Rollout]:
    table = tables.rollout
    query = select(table.c.body).where(tables.UNENDED).order_by(table.c.number)
    return [decode(Rollout, body) for body in connection.execute(query).scalars()]


def _entries(connection: Connection, query: Select[tuple[int, str, str]], limit: int) -> Sequence[Entry]:
    rows = connection.execute(query.order_by(tables.event.c.id.desc()).limit(limit)).all()
    return [Entry(row.id, moment(row.at), decode_event(row.body)) for row in reversed(rows)]


def _number(connection: Connection) -> int:
    return int(connection.execute(select(func.max(tables.event.c.id))).scalar() or 0)


def _newest_of(connection: Connection, kind: type[E]) -> E | None:
    table, tag = tables.event, kind.__dataclass_fields__["event"].default
    query = select(table.c.body).where(table.c.type == tag).order_by(table.c.id.desc()).limit(1)
    body = connection.execute(query).scalar()
    return decode(kind, body) if body else None


def _since(connection: Connection, number: int, limit: int) -> Sequence[Entry]:
    query = select(tables.event).where(tables.event.c.id > number).order_by(tables.event.c.id).limit(limit)
    return [Entry(row.id, moment(row.at), decode_event(row.body)) for row in connection.execute(query).all()]
