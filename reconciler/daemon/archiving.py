"""Old entries go to files of the archive, and leave the journal once they are read back from there."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta

from reconciler.audit import segment
from reconciler.daemon.logs import log
from reconciler.daemon.sending import READER
from reconciler.daemon.settings import Settings
from reconciler.daemon.sink_settings import ArchiveSettings
from reconciler.daemon.sources import Keeping, Sources
from reconciler.model.checkpoint import Archived
from reconciler.model.deed import SegmentArchived
from reconciler.ports.errors import WorldError
from reconciler.providers.segment_keeping import SegmentFiles
from reconciler.store.archive import Segment
from reconciler.store.journal import SqliteStore

EVERY = timedelta(hours=6)


def archiving(sources: Sources) -> Iterator[tuple[str, Keeping]]:
    """Yield what archives, where the settings say so."""
    if (settings := sources.settings.audit.archive) is None:
        return

    async def keep() -> None:
        clock = sources.world.clock
        while True:
            await _archive_or_tell(Archiver(settings, sources.store, sinks_of(sources.settings)), clock.now())
            await clock.sleep(clock.jitter(EVERY))

    yield "archive", keep


def sinks_of(settings: Settings) -> Sequence[str]:
    """Return the readers that must have read an entry before it leaves the journal."""
    return [READER + name for name in settings.audit.sinks]


async def _archive_or_tell(archiver: "Archiver", now: datetime) -> None:
    try:
        async for made in archiver.archive(now):
            log.info("entries of the record are archived", first=made.first, last=made.last, file=made.file)
    except (WorldError, segment.SegmentDamaged) as error:
        log.error("entries of the record cannot be archived; they stay in the journal", reason=str(error))


class Archiver:
    """Writes segments, and lets entries go that are in them."""

    def __init__(self, settings: ArchiveSettings, store: SqliteStore, sinks: Sequence[str]) -> None:
        self._settings, self._store, self._sinks = settings, store, sinks
        self._files = SegmentFiles(settings.folder, settings.recipients)

    async def archive(self, now: datetime) -> AsyncIterator[SegmentArchived]:
        """Archive all that is old enough, and yield each segment once its entries have left the journal.

        Killed at any point, each entry is in the journal or in a file that is recorded, or in both; the next run goes
        on. Raises WorldError, SegmentDamaged where what is archived would not be what was written, JournalUnavailable.
        """
        with self._files.alone():
            await self._let_go_of_the_recorded()
            while (due := await self._due(now)) is not None:
                made, link = await asyncio.to_thread(self._put, due)
                await self._store.archive.record(made, link, now)
                done = Archived(first=made.first, last=made.last, link=link, file=made.file)
                await self._store.archive.let_go(done)
                yield made

    async def _due(self, now: datetime) -> Segment | None:
        until = await self._store.history.newest()
        for sink in self._sinks:
            # What a place has not taken yet, however long it is away, is not taken from it.
            until = min(until, await self._store.readers.at(sink) or 0)
        return await self._store.archive.due(now - self._settings.after, until, self._settings.entries)

    def _put(self, due: Segment) -> tuple[SegmentArchived, str]:
        first, last = due.entries[0], due.entries[-1]
        name = segment.name_of(first.row.number, last.row.number, sealed=bool(self._settings.recipients))
        lines = list(segment.lines(due.entries, due.before))
        # What was tampered with in the journal is told, and never archived as if it were good.
        for _ in segment.read(lines):
            pass
        digest, there = self._files.put(name, lines)
        *found, footer = segment.read(there)
        if tuple(found) != due.entries or not isinstance(footer, segment.Footer):
            raise segment.SegmentDamaged(f"what lies in {name} is not what the journal has")
        made = SegmentArchived(first=footer.first, last=footer.last, file=name, digest=digest)
        return made, last.link

    async def _let_go_of_the_recorded(self) -> None:
        """Let go of what a killed run left, and of what was needed until now: only where the file is as it was.

        A file that is away, in cold storage perhaps, holds up no other; its entries stay.
        """
        digests = await self._store.archive.digests()
        for each in await self._store.archive.archived():
            if not await self._store.archive.removable(each):
                continue
            try:
                found = await asyncio.to_thread(self._files.digest, each.file)
            except WorldError as error:
                log.warning("a segment cannot be looked at; its entries stay", file=each.file, reason=str(error))
                continue
            if found != digests.get(each.file):
                raise segment.SegmentDamaged(f"the segment {each.file} is not what was written; its entries stay here")
            await self._store.archive.let_go(each)
