"""What reports ask the journal: a stretch of time at once, and all about one rollout."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from reconciler.model.change import Cause
from reconciler.model.chronicle import Asked, Chronicle, Drifted, Felt, Ran, StepTook, Wanted
from reconciler.model.event import Assessed, CommitAccepted, Healed, HealthChanged
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Entry
from reconciler.model.rollout import Rollout, State
from reconciler.model.word import ApprovalAsked, ApprovalGiven, ApprovalRefused
from reconciler.store import tables
from reconciler.store.codec import decode
from reconciler.store.entries import decode_event
from reconciler.store.report_trail import Marks, marks
from reconciler.store.rollouts import get_plans
from reconciler.store.sqlite import Database
from reconciler.store.times import moment, stamp

_GIVEN_UP = (State.REVERT_NEEDED.value, State.HELD.value, State.REVERT_FAILED.value)
_CONSENT = ("approval_asked", "approval_given", "approval_refused")
_WORDS = (*_CONSENT, "waived", "waiver_reviewed", "decision_taken", "plan_accepted", "verdict_given")


class Reports:
    """Questions of reports; every answer is one consistent view. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def between(self, since: datetime, until: datetime) -> Chronicle:
        """Return what the journal tells of the time from ``since`` on and before ``until``.

        Rollouts, the words of people and health are told up to now: what became of that time came later.
        """
        return await self._database.read(_between, since, until)

    async def rollout(self, name: str) -> Rollout:
        """Return a rollout by its id, or by the start of one that no other has; KeyError when there is none."""
        return await self._database.read(_rollout, name)

    async def newest(self, unit: UnitId) -> Rollout:
        """Return the newest rollout of a unit; KeyError when there is none."""
        return await self._database.read(_newest, unit)

    async def before(self, rollout: Rollout) -> Rollout | None:
        """Return the last rollout of a commit that the unit had before this one."""
        return await self._database.read(_before, rollout)

    async def told(self, rollout: str) -> Sequence[Entry]:
        """Return all that was written down of a rollout, oldest first."""
        return await self._database.read(_told, rollout)

    async def said(self, units: Sequence[UnitId] | None, until: datetime | None = None) -> Sequence[Entry]:
        """Return what people said of plans and gates of units (None: of all) up to then, or to now, oldest first."""
        return await self._database.read(_said, units, until)

    async def plans(self, ids: Sequence[str]) -> Mapping[str, Plan]:
        """Return stored plans by id; KeyError naming the first that there is none of."""
        return await self._database.read(get_plans, ids)

    async def environments(self) -> frozenset[str]:
        """Return the environments of all units that were ever rolled out, or looked at."""
        return await self._database.read(_environments)

    async def marks(self, rollouts: Sequence[str], since: datetime) -> Marks:
        """Return what is written down of these rollouts that rules ask for."""
        return await marks(self._database, rollouts, since)

    async def accepted(self, commit: str) -> Entry | None:
        """Return when a commit was first followed, None when it never was."""
        return await self._database.read(_accepted, commit)


def _between(connection: Connection, since: datetime, until: datetime) -> Chronicle:
    events = tables.event
    onwards = events.c.at >= stamp(since)
    within = onwards & (events.c.at < stamp(until))
    oldest = connection.execute(_OLDEST).scalar()
    refused = select(events.c.at).where(events.c.type == "commit_refused", within)
    return Chronicle(
        since=since,
        until=until,
        rollouts=tuple(_rollouts(connection, since)),
        steps=tuple(_steps(connection, within)),
        drifted=tuple(_drifted(connection, within)),
        asked=tuple(_asked(connection, onwards)),
        wanted=_wanted(connection),
        felt=tuple(_felt(connection, onwards)),
        accepted=_all_accepted(connection),
        refused=tuple(map(moment, connection.execute(refused).scalars())),
        oldest=moment(oldest) if oldest else None,
    )


# Some of what was archived stays in the journal, with gaps around it: all is there only after the last segment.
_OLDEST = (
    select(tables.event.c.at)
    .where(tables.event.c.id > select(func.coalesce(func.max(tables.archived.c.last), 0)).scalar_subquery())
    .order_by(tables.event.c.id)
    .limit(1)
)


def _rollouts(connection: Connection, since: datetime) -> Iterator[Ran]:
    """Those that were in hand at any moment since then, and the last of each unit that went well before."""
    table = tables.rollout
    given_up = _given_up(connection)
    went_well = (table.c.state == State.SUCCEEDED.value) & (table.c.cause != Cause.DRIFT.value)
    good = select(func.max(table.c.number)).where(went_well, table.c.updated_at < stamp(since)).group_by(table.c.unit)
    mine = (table.c.updated_at >= stamp(since)) | table.c.number.in_(good)
    rows = connection.execute(select(table.c.body).where(mine).order_by(table.c.number))
    for body in rows.scalars():
        found = decode(Rollout, body)
        yield _ran(found, given_up.get(found.id))


def _ran(found: Rollout, failed_at: datetime | None) -> Ran:
    return Ran(
        id=found.id,
        unit=found.unit,
        cause=found.cause,
        commit=found.commit,
        version=found.version,
        digest=found.digest,
        plan=found.forward,
        state=found.state,
        started_at=found.started_at,
        ended_at=found.updated_at if found.ended else None,
        failed_at=failed_at,
        reason=found.reason,
    )


def _given_up(connection: Connection) -> Mapping[str, datetime]:
    """When each rollout first had to be taken back or held."""
    table = tables.event
    after = func.json_extract(table.c.body, "$.after")
    rows = connection.execute(
        select(table.c.rollout, func.min(table.c.at))
        .where(table.c.type == "rollout_moved", after.in_(_GIVEN_UP))
        .group_by(table.c.rollout)
    )
    return {rollout: moment(at) for rollout, at in rows if rollout}


def _steps(connection: Connection, within: ColumnElement[bool]) -> Iterator[StepTook]:
    table = tables.event
    body = table.c.body
    rows = connection.execute(
        select(
            table.c.unit,
            func.json_extract(body, "$.what"),
            func.json_extract(body, "$.record.started_at"),
            func.json_extract(body, "$.record.ended_at"),
        ).where(table.c.type == "step_ended", within)
    )
    units: dict[str, UnitId] = {}
    for name, what, started, ended in rows:
        if name and what and started and ended:
            unit = units.setdefault(name, UnitId.parse(name))
            began, over = datetime.fromisoformat(started), datetime.fromisoformat(ended)
            yield StepTook(unit, what, over, over - began)


def _drifted(connection: Connection, within: ColumnElement[bool]) -> Iterator[Drifted]:
    table = tables.event
    kinds = table.c.type.in_(["assessed", "healed"])
    seen: dict[UnitId, frozenset[str]] = {}
    for at, body in connection.execute(select(table.c.at, table.c.body).where(kinds, within).order_by(table.c.id)):
        match decode_event(body):
            case Healed(unit=unit, mended=mended):
                yield from (Drifted(unit, str(each.resource), moment(at), healed=True) for each in mended)
            case Assessed(unit=unit, drifted=drifted):
                now = frozenset(drifted)
                new = sorted(now - seen.get(unit, frozenset()))
                yield from (Drifted(unit, f"{unit}/{each}", moment(at), healed=False) for each in new)
                seen[unit] = now
            case _:
                continue


def _asked(connection: Connection, within: ColumnElement[bool]) -> Iterator[Asked]:
    table = tables.event
    rows = connection.execute(
        select(table.c.body).where(table.c.type.in_(_CONSENT), within).order_by(table.c.id)
    ).scalars()
    asked: dict[tuple[UnitId, str], ApprovalAsked] = {}
    answered: dict[tuple[UnitId, str], datetime] = {}
    for body in rows:
        match decode_event(body):
            case ApprovalAsked() as word:
                asked.setdefault((word.unit, word.plan), word)
            case ApprovalGiven(unit=unit, plan=plan, at=at) | ApprovalRefused(unit=unit, plan=plan, at=at):
                answered[unit, plan] = at
            case _:
                continue
    return (Asked(word.unit, word.plan, word.at, answered.get(key)) for key, word in asked.items())


def _felt(connection: Connection, within: ColumnElement[bool]) -> Iterator[Felt]:
    table = tables.event
    rows = connection.execute(select(table.c.body).where(table.c.type == "health_changed", within).order_by(table.c.id))
    for body in rows.scalars():
        event = decode(HealthChanged, body)
        yield Felt(event.unit, event.target, event.condition, event.since)


def _wanted(connection: Connection) -> Mapping[UnitId, Sequence[Wanted]]:
    """What waited when a time began is older than it: all of it is read, and only what changed is kept."""
    table = tables.event
    body = table.c.body
    rows = connection.execute(
        select(
            table.c.unit,
            table.c.at,
            func.json_extract(body, "$.commit").label("commit"),
            func.json_extract(body, "$.digest").label("digest"),
        )
        .where(table.c.type == "assessed")
        .order_by(table.c.id)
    )
    found: dict[str, list[Wanted]] = {}
    for name, at, commit, digest in rows:
        line = found.setdefault(name, [])
        if digest and (not line or line[-1].digest != digest):
            line.append(Wanted(moment(at), commit, digest))
    return {UnitId.parse(name): line for name, line in found.items()}


def _all_accepted(connection: Connection) -> Mapping[str, datetime]:
    table = tables.event
    rows = connection.execute(
        select(table.c.at, table.c.body).where(table.c.type == "commit_accepted").order_by(table.c.id)
    )
    found: dict[str, datetime] = {}
    for at, body in rows:
        found.setdefault(decode(CommitAccepted, body).commit, moment(at))
    return found


def _environments(connection: Connection) -> frozenset[str]:
    units = select(tables.rollout.c.unit).union(select(tables.assessed.c.unit))
    return frozenset(UnitId.parse(unit).environment for unit in connection.execute(units).scalars())


def _rollout(connection: Connection, name: str) -> Rollout:
    table = tables.rollout
    rows = connection.execute(
        select(table.c.id, table.c.body).where(func.substr(table.c.id, 1, len(name)) == name).limit(2)
    ).all()
    exact = [row for row in rows if row.id == name]
    if len(found := exact or rows) != 1:
        raise KeyError(name)
    return decode(Rollout, found[0].body)


def _newest(connection: Connection, unit: UnitId) -> Rollout:
    table = tables.rollout
    query = select(table.c.body).where(table.c.unit == str(unit)).order_by(table.c.number.desc()).limit(1)
    body = connection.execute(query).scalar()
    if body is None:
        raise KeyError(str(unit))
    return decode(Rollout, body)


def _before(connection: Connection, rollout: Rollout) -> Rollout | None:
    table = tables.rollout
    mine = select(table.c.number).where(table.c.id == rollout.id).scalar_subquery()
    query = (
        select(table.c.body)
        .where(table.c.unit == str(rollout.unit), table.c.cause == "commit", table.c.number < mine)
        .order_by(table.c.number.desc())
        .limit(1)
    )
    body = connection.execute(query).scalar()
    return None if body is None else decode(Rollout, body)


def _told(connection: Connection, rollout: str) -> Sequence[Entry]:
    table = tables.event
    rows = connection.execute(select(table).where(table.c.rollout == rollout).order_by(table.c.id)).all()
    return [Entry(row.id, moment(row.at), decode_event(row.body)) for row in rows]


def _said(connection: Connection, units: Sequence[UnitId] | None, until: datetime | None) -> Sequence[Entry]:
    table = tables.event
    query = select(table.c.id, table.c.at, table.c.body).where(table.c.type.in_(_WORDS))
    if until is not None:
        query = query.where(table.c.at < stamp(until))
    if units is not None:
        query = query.where(table.c.unit.in_([str(each) for each in units]))
    rows = connection.execute(query.order_by(table.c.id)).all()
    return [Entry(row.id, moment(row.at), decode_event(row.body)) for row in rows]


def _accepted(connection: Connection, commit: str) -> Entry | None:
    table = tables.event
    query = select(table).where(
        table.c.type == "commit_accepted", func.json_extract(table.c.body, "$.commit") == commit
    )
    row = connection.execute(query.order_by(table.c.id).limit(1)).first()
    return Entry(row.id, moment(row.at), decode_event(row.body)) if row else None
