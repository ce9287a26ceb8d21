"""Files of the archive: none fills the memory, none grows without end, and one that is away holds up no other."""

import gzip
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from reconciler.audit.segment import SegmentDamaged, read
from reconciler.daemon.archiving import Archiver
from reconciler.daemon.sink_settings import ArchiveSettings
from reconciler.model.event import Event, Paused, SourceFound, SourceLost
from reconciler.ports.errors import Broken
from reconciler.providers.segment_keeping import LONGEST_LINE, lines_of
from reconciler.store.archive import LARGEST
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def test_a_few_bytes_that_would_fill_all_memory_are_read_piece_by_piece(folder: Path) -> None:
    folder.mkdir()
    bomb = folder / "000000000001-000000000002.jsonl.gz"
    bomb.write_bytes(gzip.compress(b"\n" * 50_000_000))
    lines = lines_of(bomb, None)
    tracemalloc.start()
    assert [next(lines) for _ in range(3)] == ["\n"] * 3
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    with pytest.raises(SegmentDamaged, match="its header is not JSON"):
        list(read(lines))
    lines.close()  # type: ignore[attr-defined] # it is a generator


def test_a_line_that_is_longer_than_any_entry_is_not_read_to_its_end(folder: Path) -> None:
    folder.mkdir()
    bomb = folder / "000000000001-000000000002.jsonl.gz"
    bomb.write_bytes(gzip.compress(b" " * (LONGEST_LINE + 1)))
    with pytest.raises(Broken, match=r"a line of it is longer than \d+ bytes"):
        next(lines_of(bomb, None))


async def test_a_segment_that_was_moved_away_holds_up_no_other(store: SqliteStore, folder: Path) -> None:
    assert await archived_after(store, folder, 400, SourceLost(reason="away")) == [(1, 1)]
    moved = folder / "000000000001-000000000001.jsonl.gz"
    moved.rename(folder.parent / moved.name)
    with capture_logs() as told:
        assert await archived_after(store, folder, 900, SourceFound()) == [(2, 3)]
    assert [(each["file"], "it is missing" in each["reason"]) for each in told] == [(moved.name, True)]
    moved_back = folder / moved.name
    (folder.parent / moved.name).rename(moved_back)
    await archived_after(store, folder, 901)
    assert not await store.archive.removable((await store.archive.archived())[0])


async def archived_after(store: SqliteStore, folder: Path, days: int, *events: Event) -> list[tuple[int, int]]:
    """Write the events and archive them once they are old enough; return what each segment holds."""
    at = NOW + timedelta(days=days)
    await store.append(events, at)
    archiver = Archiver(ArchiveSettings(folder=folder), store, ())
    return [(made.first, made.last) async for made in archiver.archive(at + timedelta(days=401))]


async def test_a_segment_ends_where_its_bodies_become_too_long_to_be_held_in_memory(store: SqliteStore) -> None:
    long = Paused(unit=SHOP, author="ann", reason="x" * (LARGEST // 2))
    await store.append([long, long], NOW)
    due = await store.archive.due(NOW + timedelta(days=401), 2, 10)
    assert due
    assert [each.row.number for each in due.entries] == [1]
