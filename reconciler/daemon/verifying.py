"""Checks the record in a journal's file, with the checkpoints and the archive that belong to it; changes nothing."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.audit.checkpoint import NoCheckpoint, read_line
from reconciler.audit.segment import Footer, read
from reconciler.audit.tamper import Trouble
from reconciler.audit.verify import Step, Walked, walk
from reconciler.audit.verify_archive import Open, SegmentMissing, SegmentSealed, never_told, whole
from reconciler.audit.verify_signed import Kept, good, never_signed, taken_away
from reconciler.daemon.archive_reading import Segments
from reconciler.model.chain import Linked
from reconciler.model.checkpoint import Archived, Checkpoint
from reconciler.model.deed import SegmentArchived
from reconciler.ports.errors import WorldError
from reconciler.providers import kept_checkpoints
from reconciler.providers.audit_key import signed
from reconciler.providers.segment_keeping import SEALED, SegmentFiles, lines_of
from reconciler.store.codec import decode
from reconciler.store.entries import decode_event
from reconciler.store.record_file import RecordFile, record_file

THE_JOURNAL = "the journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a record is checked with: files of checkpoints kept elsewhere, the keys to believe, the archive."""

    checkpoints: Sequence[Path] = ()
    keys: Sequence[str] = ()
    segments: Segments | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How far the record was looked at, by which checkpoints of the journal and elsewhere, signed with which keys."""

    walked: Walked
    here: int
    elsewhere: int
    keys: Sequence[str]
    newest: Checkpoint | None


def checked(journal: Path, evidence: Evidence) -> Iterator[Trouble | Checked]:
    """Yield all that is wrong with the record, where it is, and at last what was looked at.

    Raises JournalUnavailable, CheckpointsUnusable.
    """
    elsewhere, unread = _elsewhere(evidence.checkpoints)
    yield from unread
    with record_file(journal) as record:
        for name in record.unguarded():
            what = f"the trigger {name} of the journal is not there as it was made: entries may have been changed by it"
            yield Trouble(what=what)
        for said in record.hidden():
            yield Trouble(what=f"the journal is not sound, so questions may not find all entries: {said}")
        here = Kept(where=THE_JOURNAL, checkpoints=record.checkpoints())
        # A key that nobody has pinned is taken from what is kept elsewhere, if there is anything.
        known, wrong = good([*elsewhere, here], evidence.keys, signed)
        yield from wrong
        yield from taken_away(here, elsewhere)
        for each in walk(_steps(record, _opening(evidence.segments)), known, decode_event):
            if isinstance(each, Trouble):
                yield each
                continue
            yield from never_signed(here, each)
            told = list(_told(each))
            yield from never_told(record.archived(), told)
            if evidence.segments:
                yield from _other_files(evidence.segments, [one for _, one in told])
            all_good = [one for number in sorted(known) for one in known[number]]
            yield Checked(
                walked=each,
                here=len(here.checkpoints),
                elsewhere=sum(len(place.checkpoints) for place in elsewhere),
                keys=sorted({one.key for one in all_good}),
                newest=all_good[-1] if all_good else None,
            )


def _steps(record: RecordFile, open_segment: Open) -> Iterator[Step]:
    archived = record.archived()
    last = archived[-1].last if archived else 0
    return whole(archived, record.kept(last) if archived else {}, open_segment, record.entries(last))


def _elsewhere(files: Sequence[Path]) -> tuple[list[Kept], list[Trouble]]:
    found: list[Kept] = []
    wrong: list[Trouble] = []
    for file in files:
        checkpoints = []
        lines = kept_checkpoints.lines_of(file)
        for number, (text, after) in enumerate(zip(lines, [*lines[1:], ""], strict=True), 1):
            try:
                checkpoints.append(read_line(text))
            except NoCheckpoint as error:
                # Cut off by a power failure, and written whole right after that.
                if after.startswith(text):
                    continue
                wrong.append(Trouble(what=f"line {number} of {file} is no checkpoint: {error}"))
        found.append(Kept(where=str(file), checkpoints=checkpoints))
    return found, wrong


def _opening(segments: Segments | None) -> Open:
    def opened(archived: Archived) -> Iterator[Linked | Footer]:
        if segments is None:
            raise SegmentMissing("no archive is set; name its folder with --archive")
        file = _file(segments, archived.file)
        if file.name.endswith(SEALED) and segments.identity is None and file.is_file():
            raise SegmentSealed
        try:
            yield from read(lines_of(file, segments.identity))
        except WorldError as error:
            raise SegmentMissing(str(error)) from error

    return opened


def _file(segments: Segments, name: str) -> Path:
    # Only its name counts: the archive may have been moved, and the journal must not lead us anywhere else.
    return segments.folder / Path(name).name


def _told(walked: Walked) -> Iterator[tuple[int, SegmentArchived]]:
    for row in walked.segments:
        with suppress(ValueError):
            yield row.number, decode(SegmentArchived, row.body)


def _other_files(segments: Segments, told: Sequence[SegmentArchived]) -> Iterator[Trouble]:
    """Yield the segments that are not the files that were written, also those that cannot be opened here."""
    for each in told:
        file = _file(segments, each.file)
        if file.is_file() and SegmentFiles(segments.folder, ()).digest(file.name) != each.digest:
            what = f"the segment {each.file} of the archive is not the file that was written then"
            yield Trouble(number=each.first, what=what)
