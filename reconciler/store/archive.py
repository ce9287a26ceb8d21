"""What leaves the journal for the archive, and what stays: only what is in a file goes, and only what nothing needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select
from sqlalchemy.sql.selectable import ScalarSelect

from reconciler.model.canonical import Digest
from reconciler.model.chain import BEGINNING, Linked
from reconciler.model.checkpoint import Archived
from reconciler.model.deed import SegmentArchived
from reconciler.store import projections, tables
from reconciler.store.codec import decode
from reconciler.store.search import row_of
from reconciler.store.sqlite import Database
from reconciler.store.times import stamp

COMMITS_KEPT = 1000
"""So many accepted commits stay, the newest: forges are told of them, and reverts are looked for among them."""
LARGEST = 64 * 1024 * 1024
"""Characters in the bodies of one segment: it is made and checked in memory."""
AT_ONCE = 500
"""So many go in one transaction: what decides waits for no more than that."""

_EVENT, _ARCHIVED, _ROLLOUT = tables.event, tables.archived, tables.rollout


@dataclass(frozen=True, slots=True)
class Segment:
    """Entries that are to be archived together, without a gap; ``before`` is the link of the one before the first."""

    entries: tuple[Linked, ...]
    before: str


class ArchiveLog:
    """Which entries are archived, and those that are not yet. Raises JournalUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def archived(self) -> Sequence[Archived]:
        """Return what is archived, oldest first."""
        return await self._database.read(_all)

    async def digests(self) -> Mapping[str, Digest]:
        """Return the digests of the files' bytes, by their names, as they were written down."""
        return await self._database.read(_digests)

    async def due(self, older: datetime, until: int, limit: int) -> Segment | None:
        """Return the oldest entries that are not archived, None where there are none.

        They are older than that time, have numbers up to ``until``, and are ``limit`` at most; fewer where their bodies
        are long, and always one.
        """
        return await self._database.read(_due, older, until, limit)

    async def record(self, made: SegmentArchived, link: str, at: datetime) -> None:
        """Write down that a file has these entries; from then on they may leave the journal."""
        await self._database.write(_record, made, link, at)

    async def removable(self, segment: Archived) -> int:
        """Return how many entries of the segment are still in the journal, and are needed by nothing there."""
        return await self._database.read(_removable, segment)

    async def let_go(self, segment: Archived) -> int:
        """Take the entries of the segment out of the journal that nothing there needs; return how many went."""
        starts = range(segment.first, segment.last + 1, AT_ONCE)
        gone = [await self._database.write(_let_go, each, min(each + AT_ONCE - 1, segment.last)) for each in starts]
        return sum(gone)


def _all(connection: Connection) -> Sequence[Archived]:
    rows = connection.execute(select(_ARCHIVED).order_by(_ARCHIVED.c.last))
    return [Archived(first=row.first, last=row.last, link=row.link, file=row.file) for row in rows]


def _digests(connection: Connection) -> Mapping[str, Digest]:
    bodies = connection.execute(select(_EVENT.c.body).where(_EVENT.c.type == "segment_archived")).scalars()
    return {each.file: each.digest for each in (decode(SegmentArchived, body) for body in bodies)}


def _due(connection: Connection, older: datetime, until: int, limit: int) -> Segment | None:
    newest = connection.execute(select(_ARCHIVED).order_by(_ARCHIVED.c.last.desc()).limit(1)).first()
    after, before = (newest.last, newest.link) if newest else (0, BEGINNING)
    rows = select(_EVENT).where(_EVENT.c.id > after, _EVENT.c.id <= until).order_by(_EVENT.c.id).limit(limit)
    entries: list[Linked] = []
    size = 0
    for row in connection.execute(rows):
        size += len(row.body)
        # Where the clock was set back, an entry that is younger than its number says ends the segment.
        if row.at >= stamp(older) or (entries and size > LARGEST):
            break
        entries.append(row_of(row))
    return Segment(tuple(entries), before) if entries else None


def _record(connection: Connection, made: SegmentArchived, link: str, at: datetime) -> None:
    row = {"first": made.first, "last": made.last, "link": link, "file": made.file, "at": stamp(at)}
    connection.execute(insert(_ARCHIVED).values(row))
    projections.append(connection, [made], at)


def _removable(connection: Connection, segment: Archived) -> int:
    found = select(func.count()).select_from(_EVENT).where(_between(segment.first, segment.last), ~_needed())
    return int(connection.execute(found).scalar_one())


def _let_go(connection: Connection, first: int, last: int) -> int:
    return connection.execute(delete(_EVENT).where(_between(first, last), ~_needed())).rowcount


def _between(first: int, last: int) -> ColumnElement[bool]:
    return _EVENT.c.id.between(first, last)


def _needed() -> ColumnElement[bool]:
    """What projections, history and passes still read of entries: see where each is asked."""
    commit, word = tables.git_commit, tables.word
    accepted = _newest_commit(accepted=True)
    newest_of_units = select(func.max(_ROLLOUT.c.number)).group_by(_ROLLOUT.c.unit)
    of_present = select(_ROLLOUT.c.id).where(or_(~_ROLLOUT.c.ended, _ROLLOUT.c.number.in_(newest_of_units)))
    recent = select(commit.c.number).where(commit.c.accepted).order_by(commit.c.number.desc()).limit(COMMITS_KEPT)
    of_git = select(func.max(_EVENT.c.id)).where(_EVENT.c.type.in_(("source_lost", "source_found")))
    return or_(
        _EVENT.c.type == "segment_archived",
        func.coalesce(_EVENT.c.rollout, "").in_(of_present),
        _EVENT.c.id.in_(select(word.c.number)),
        _EVENT.c.id.in_(recent),
        _EVENT.c.id == func.coalesce(_newest_commit(accepted=False), 0),
        _EVENT.c.id == func.coalesce(of_git.scalar_subquery(), 0),
        and_(_EVENT.c.type == "rewrite_accepted", _EVENT.c.id > func.coalesce(accepted, 0)),
    )


def _newest_commit(*, accepted: bool) -> ScalarSelect[int]:
    commit = tables.git_commit
    return select(func.max(commit.c.number)).where(commit.c.accepted.is_(accepted)).scalar_subquery()
