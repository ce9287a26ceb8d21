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
from reconciler.model.canonical import Digest
from reconciler.model.chain import Linked
from reconciler.model.checkpoint import Archived
from reconciler.model.event import Event
from reconciler.model.question import Question, Stored
from reconciler.ports.errors import Broken
from reconciler.providers.segment_keeping import SegmentFiles, lines_of
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
    digests = await store.archive.digests()
    for each in archived:
        found = _fitting(each, digests.get(each.file), segments, question)
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
    digests = await store.archive.digests()
    for each in reversed(archived):
        if len(entries) >= limit:
            break
        found = _fitting(each, digests.get(each.file), segments, question)
        entries += reversed(deque(found, maxlen=limit - len(entries)))
    return await told(store.search, entries)


def _after(question: Question, archived: Sequence[Archived]) -> Question:
    """What is needed stays in the journal too; it is told from the archive."""
    last = archived[-1].last if archived else 0
    return replace(question, above=max(question.above or 0, last))


def _fitting(archived: Archived, digest: Digest | None, segments: Segments, question: Question) -> Iterator[Stored]:
    file = segments.folder / Path(archived.file).name
    # Nothing is unpacked that is not the very file that was written down.
    if SegmentFiles(segments.folder, ()).digest(file.name) != digest:
        raise Broken(f"cannot read the segment {file}: it is not what was written then; see reconciler audit verify")
    try:
        for each in read(lines_of(file, segments.identity)):
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
