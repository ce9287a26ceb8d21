"""Files of the archive: none fills the memory, none grows without end, and one that is away holds up no other."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from reconciler.audit.segment import SegmentDamaged, read
from reconciler.ports.errors import Broken
from reconciler.providers.segment_keeping import LONGEST_LINE, lines_of


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
