"""Questions to the record, answered by the indexes of the journal; and what the answers belong to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, literal, select, text, tuple_

from reconciler.model import chain
from reconciler.model.plan import Plan
from reconciler.model.question import Answer, Belongings, Question, Stored
from reconciler.model.rollout import Rollout
from reconciler.model.word import ApprovalAsked, ApprovalGiven
from reconciler.store import blobs, rollouts, tables
from reconciler.store.codec import decode
from reconciler.store.entries import decode_event
from reconciler.store.sqlite import Database
from reconciler.store.times import stamp

LOOKED_THROUGH = 200_000
"""In so many entries at most a text is looked for, the newest that fit otherwise."""

T = TypeVar("T")

_PLANS_REMEMBERED = 64
_EVENT = tables.event


class Search:
    """Answers questions to the record; each answer is one consistent view. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._plans: dict[str, Plan | None] = {}

    async def newest(self, question: Question, limit: int) -> Answer:
        """Return the newest entries that fit, newest first, ``limit`` at most."""
        if question.text:  # looked for in very many entries: nobody else waits behind that
            return await self._database.rummage(_newest, question, limit)
        return await self._database.read(_newest, question, limit)

    async def oldest(self, question: Question, limit: int) -> Sequence[Stored]:
        """Return the oldest entries that fit by their numbers, oldest first: ``above`` goes on from the last of them.

        A text is looked for in as many as there are.
        """
        if question.text:  # looked for in very many entries: nobody else waits behind that
            return await self._database.rummage(_oldest, question, limit)
        return await self._database.read(_oldest, question, limit)

    async def belongings(self, entries: Iterable[Stored]) -> Belongings:
        """Return the rollouts and plans that the entries speak of, as far as they are kept, and who consented."""
        return await self._database.read(self._belongings, tuple(entries))

    def _belongings(self, connection: Connection, entries: Sequence[Stored]) -> Belongings:
        known = _rollouts(connection, {each.linked.row.rollout for each in entries if each.linked.row.rollout})
        wanted = {plan for each in entries if (plan := plan_of(each))}
        wanted |= {plan for each in known.values() for plan in (each.forward, each.plan)}
        plans = {name: found for name in sorted(wanted) if (found := self._plan(connection, name))}
        consents: defaultdict[str, tuple[ApprovalGiven, ...]] = defaultdict(tuple)
        for given in _of_type(connection, ApprovalGiven, "approval_given", plans):
            consents[given.plan] += (given,)
        asked = {each.plan: each.policies for each in _of_type(connection, ApprovalAsked, "approval_asked", plans)}
        return Belongings(rollouts=known, plans=plans, consents=dict(consents), asked=asked)

    def _plan(self, connection: Connection, name: str) -> Plan | None:
        """A plan never changes, and an export asks for the same one at every entry of its rollout."""
        if name not in self._plans:
            while len(self._plans) >= _PLANS_REMEMBERED:
                self._plans.pop(next(iter(self._plans)), None)
            self._plans[name] = _plan(connection, name)
        return self._plans.get(name)


def plan_of(entry: Stored) -> str:
    """Return the id of the plan that the entry itself speaks of, empty where it speaks of none."""
    record = getattr(entry.event, "record", None) or getattr(entry.event, "decision", None) or entry.event
    plan = getattr(record, "plan", "")
    return plan if isinstance(plan, str) else ""


def query_of(question: Question, limit: int, below_at: str | None = None) -> Select[Any]:
    """Return the statement for the newest entries that fit; ``below_at`` is the time of the entry ``below``."""
    query = _newest_first(select(_EVENT), question, below_at).limit(limit)
    return query.where(_has(_EVENT.c.body, question.text)) if question.text else query


def about(type_: str, plans: Sequence[str]) -> Select[Any]:
    """Return the statement for the bodies of that type about these plans: to read all there were takes too long."""
    plan = case((func.json_valid(_EVENT.c.body) == 1, func.json_extract(_EVENT.c.body, "$.plan")))
    return select(_EVENT.c.body).where(_EVENT.c.type == type_, plan.in_(plans)).order_by(_EVENT.c.id)


def _newest(connection: Connection, question: Question, limit: int) -> Answer:
    # Times may be in another order than numbers, when one write waited for another or somebody set the clock.
    at = connection.execute(select(_EVENT.c.at).where(_EVENT.c.id == question.below)).scalar()
    query, edge = query_of(question, limit, at), None
    if question.text:
        others = _newest_first(select(_EVENT.c.at), question, at)
        edge = connection.execute(others.offset(LOOKED_THROUGH).limit(1)).scalar()
    rows = connection.execute(query if edge is None else query.where(_EVENT.c.at > edge)).all()
    return Answer(tuple(map(_stored, rows)), looked_through=edge is None or len(rows) >= limit)


def _oldest(connection: Connection, question: Question, limit: int) -> Sequence[Stored]:
    query = _fitting(select(_EVENT), question).order_by(_EVENT.c.id).limit(limit)
    if question.below is not None:
        query = query.where(_EVENT.c.id < question.below)
    if question.text:
        query = query.where(_has(_EVENT.c.body, question.text))
    return [_stored(row) for row in connection.execute(query)]


def _newest_first(query: Select[Any], question: Question, below_at: str | None) -> Select[Any]:
    """What fits by the columns, in the order in which it is told, after the entry ``below`` in just that order."""
    query = _fitting(query, question).order_by(_EVENT.c.at.desc(), _EVENT.c.id.desc())
    if question.below is None:
        return query
    if below_at is None:
        # It is not in the journal, so its number is all that is known of it.
        return query.where(_EVENT.c.id < question.below)
    place = tuple_(literal(below_at), literal(question.below))
    return query.where(tuple_(_EVENT.c.at, _EVENT.c.id) < place)


def _fitting(query: Select[Any], question: Question) -> Select[Any]:
    for name in ("unit", "environment", "actor", "outcome", "type"):
        if wanted := getattr(question, name):
            query = query.where(_EVENT.c[name] == wanted)
    if question.outcome:
        # The index has only what ended somehow, and SQLite knows it by its words alone.
        query = query.where(text("event.outcome <> ''"))
    if question.since is not None:
        query = query.where(_EVENT.c.at >= stamp(question.since))
    if question.until is not None:
        query = query.where(_EVENT.c.at < stamp(question.until))
    if question.above is not None:
        query = query.where(_EVENT.c.id > question.above)
    return query


def _has(body: ColumnElement[str], text: str) -> ColumnElement[bool]:
    return func.instr(func.lower(body), func.lower(text)) > 0


def row_of(stored: Row[Any]) -> chain.Linked:
    """Return an entry of the table as values."""
    columns = ("at", "type", "unit", "rollout", "environment", "actor", "outcome", "request", "body")
    row = chain.Row(number=stored.id, **{name: getattr(stored, name) for name in columns})
    return chain.Linked(row, stored.link)


def _stored(row: Row[Any]) -> Stored:
    linked = row_of(row)
    try:
        return Stored(linked, decode_event(linked.row.body))
    except ValueError:
        # Of a later version of the program, or damaged: the columns are still told, and verify says which it is.
        return Stored(linked, None)


def _rollouts(connection: Connection, ids: Iterable[str]) -> dict[str, Rollout]:
    table, found = tables.rollout, dict[str, Rollout]()
    for part in blobs.chunks(sorted(ids)):
        for row in connection.execute(select(table.c.id, table.c.body).where(table.c.id.in_(part))):
            with suppress(ValueError):  # damaged, or of another version: the entry is told without it
                found[row.id] = decode(Rollout, row.body)
    return found


def _plan(connection: Connection, name: str) -> Plan | None:
    try:
        return rollouts.get_plan(connection, name)
    except (KeyError, ValueError):
        # No longer kept, or in a form of another version: the entry is told without it.
        return None


def _of_type(connection: Connection, kind: type[T], name: str, plans: Iterable[str]) -> Iterator[T]:
    for part in blobs.chunks(sorted(plans)):
        for body in connection.execute(about(name, part)).scalars():
            with suppress(ValueError):  # damaged, or of another version: verify says which it is, and where
                yield decode(kind, body)
