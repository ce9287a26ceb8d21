"""The record with its archived part: segments are looked through too, and checked on the way."""

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from reconciler.audit.query import fits
from reconciler.audit.record import Record
from reconciler.audit.segment import Footer, SegmentDamaged, read
from reconciler.daemon.audit_records import AT_ONCE, all_records, told
from reconciler.model.chain import Linked
from reconciler.model.checkpoint import Archived
from reconciler.model.event import Event
from reconciler.model.question import Question, Stored
from reconciler.ports.errors import Broken
from reconciler.providers.segment_keeping import lines_of
from reconciler.store.entries import decode_event
from reconciler.store.journal import SqliteStore


@dataclass(frozen=True, slots=True)
class Segments:
    """Where segments are, and the file with the private key to those that are sealed."""

    folder: Path
    identity: Path | None


async def with_archived(store: SqliteStore, segments: Segments, question: Question) -> AsyncIterator[Record]:
    """Yield all that fits, oldest first; raise JournalUnavailable, WorldError where a segment is not as it was."""
    archived = await store.archive.archived()
    for each in archived:
        found = _fitting(each, segments, question)
        while entries := list(islice(found, AT_ONCE)):
            for record, _ in await told(store.search, entries):
                yield record
    async for record in all_records(store.search, _after(question, archived)):
        yield record


async def newest_with_archived(
    store: SqliteStore, segments: Segments, question: Question, limit: int
) -> Sequence[tuple[Record, Event | None]]:
    """Return the newest that fits, newest first; raises as above."""
    archived = await store.archive.archived()
    answer = await store.search.newest(_after(question, archived), limit)
    entries = list(answer.entries)
    for each in reversed(archived):
        if len(entries) >= limit:
            break
        entries += reversed(deque(_fitting(each, segments, question), maxlen=limit - len(entries)))
    return await told(store.search, entries)


def _after(question: Question, archived: Sequence[Archived]) -> Question:
    """What is needed stays in the journal too; it is told from the archive."""
    last = archived[-1].last if archived else 0
    return replace(question, above=max(question.above or 0, last))


def _fitting(archived: Archived, segments: Segments, question: Question) -> Iterator[Stored]:
    try:
        for each in read(lines_of(segments.folder / Path(archived.file).name, segments.identity)):
            if isinstance(each, Footer):
                _check(each, archived)
            elif fits(question, entry := _stored(each)):
                yield entry
    except SegmentDamaged as error:
        raise Broken(f"the segment {archived.file} is damaged: {error}; see reconciler audit verify") from error


def _check(footer: Footer, archived: Archived) -> None:
    if (footer.first, footer.last, footer.link) != (archived.first, archived.last, archived.link):
        raise SegmentDamaged("it is whole, and not the one that was written down")


def _stored(linked: Linked) -> Stored:
    try:
        return Stored(linked, decode_event(linked.row.body))
    except ValueError:
        return Stored(linked, None)
