"""What left the journal is checked with it, as one record; and what was done to the archive is found."""

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from reconciler.daemon.archiving import Archiver
from reconciler.daemon.sink_settings import ArchiveSettings
from reconciler.model.event import Paused
from reconciler.store.journal import SqliteStore
from tests.audit.tampering import LAST, OURS, examined, recorded, tampering
from tests.factory import NOW, SHOP

YEARS = NOW + timedelta(days=800)
FIRST, SECOND = "000000000001-000000000006.jsonl.gz", "000000000007-000000000012.jsonl.gz"


async def archived(folder: Path, recipients: tuple[str, ...] = ()) -> Path:
    """Archive the signed record in segments of six entries; return their folder."""
    await recorded(folder)
    settings = ArchiveSettings(folder=folder / "archive", entries=6, recipients=recipients)
    store = await SqliteStore.open(folder / "journal.db")
    made = [each.file async for each in Archiver(settings, store, ()).archive(YEARS)]
    assert [each.removesuffix(".age") for each in made[:2]] == [FIRST, SECOND]
    await store.close()
    return folder / "archive"


async def test_a_record_that_is_partly_archived_is_whole(tmp_path: Path) -> None:
    await archived(tmp_path)
    troubles, found = examined(tmp_path, kept=True)
    assert troubles == []
    assert found.walked.seen == found.walked.number > LAST
    assert found.walked.confirmed == 10


def rewritten(file: Path, before: str, after: str) -> None:
    text = gzip.decompress(file.read_bytes()).decode()
    assert before in text
    file.write_bytes(gzip.compress(text.replace(before, after).encode(), mtime=0))


DAMAGES: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "a segment that is gone": (lambda at: (at / SECOND).unlink(), 7, f"the segment {SECOND} of the archive: cannot"),
    "a segment that is cut off": (
        lambda at: (at / SECOND).write_bytes((at / SECOND).read_bytes()[:60]),
        7,
        f"the segment {SECOND} of the archive: cannot read the segment",
    ),
    "a segment of noise": (lambda at: (at / FIRST).write_bytes(b"\xff" * 500), 1, "cannot read the segment"),
    "a bent segment": (
        lambda at: (at / FIRST).write_bytes((at / FIRST).read_bytes()[:60] + b"\x00" * 40),
        1,
        "cannot read the segment",
    ),
    "a letter in a segment": (lambda at: rewritten(at / FIRST, "audit 0", "audit 9"), 3, "entry 3 is not what was"),
    "a segment in the place of another": (
        lambda at: (at / SECOND).write_bytes((at / FIRST).read_bytes()),
        1,
        "it comes again, or not in its turn",
    ),
    "the same entries in other bytes": (
        lambda at: (at / FIRST).write_bytes(gzip.compress(gzip.decompress((at / FIRST).read_bytes()), 1, mtime=7)),
        1,
        f"the segment {FIRST} of the archive is not the file that was written then",
    ),
}


@pytest.mark.parametrize(("damage", "number", "words"), DAMAGES.values(), ids=DAMAGES)
async def test_what_is_done_to_the_archive_is_found(
    tmp_path: Path, damage: Callable[[Path], object], number: int, words: str
) -> None:
    damage(await archived(tmp_path))
    troubles, _ = examined(tmp_path)
    assert any(each.number == number and words in each.what for each in troubles), troubles


async def test_what_stays_in_the_journal_too_is_compared_with_the_archive(tmp_path: Path) -> None:
    await archived(tmp_path)
    with tampering(tmp_path / "journal.db") as mallory:
        (kept,) = mallory.connection.execute("SELECT min(id) FROM event").fetchone()
        assert kept <= 12
        mallory.does(f"UPDATE event SET request = 'r' WHERE id = {kept}")
    troubles, _ = examined(tmp_path)
    assert [(each.number, each.what) for each in troubles] == [
        (kept, "it is not in the journal as it is in the archive")
    ]


async def test_who_says_that_the_archive_ends_otherwise_is_found(tmp_path: Path) -> None:
    await archived(tmp_path)
    with tampering(tmp_path / "journal.db") as mallory:
        mallory.does("DELETE FROM archived WHERE last = 6")
    troubles, _ = examined(tmp_path)
    assert any(each.number == 1 and each.what == "it is missing, and all after it to entry 6" for each in troubles)


async def test_a_sealed_archive_is_looked_at_with_the_key_and_said_to_be_sealed_without(tmp_path: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(f"{key}\n")
    folder = await archived(tmp_path, (str(key.to_public()),))
    troubles, found = examined(tmp_path)
    assert troubles == []
    assert found.walked.sealed >= 12
    troubles, found = examined(tmp_path, identity=tmp_path / "identity")
    assert troubles == []
    assert (found.walked.sealed, found.walked.seen) == (0, found.walked.number)
    sealed = folder / f"{FIRST}.age"
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"\x00")
    assert any("is not the file that was written then" in each.what for each in examined(tmp_path)[0])


async def test_what_stays_in_the_journal_of_a_sealed_segment_is_looked_at_and_what_cannot_be_tied_is_told(
    tmp_path: Path,
) -> None:
    await archived(tmp_path, (str(pyrage.x25519.Identity.generate().to_public()),))
    troubles, found = examined(tmp_path, keys=[OURS.public])
    assert troubles == []
    assert (found.walked.untied > 0, found.walked.uncompared) == (True, (1, 5, 10))
    with tampering(tmp_path / "journal.db") as mallory:
        (kept,) = mallory.connection.execute("SELECT min(id) FROM event").fetchone()
        mallory.does(f"UPDATE event SET outcome = 'odd' WHERE id = {kept}")
    (trouble,), _ = examined(tmp_path)
    assert (trouble.number, trouble.what) == (kept, "its outcome is not what its body says")


async def test_a_machine_without_the_archive_says_so(tmp_path: Path) -> None:
    folder = await archived(tmp_path)
    folder.rename(tmp_path / "elsewhere")
    troubles, _ = examined(tmp_path)
    assert [each.number for each in troubles][:2] == [1, 7]


async def test_an_entry_with_signs_that_unicode_counts_as_ends_of_lines_is_one_line(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "journal.db")
    await store.append([Paused(unit=SHOP, author="ann", reason="one\u2028two\u0085three\x1cfour")], NOW)
    archiver = Archiver(ArchiveSettings(folder=tmp_path / "archive"), store, ())
    assert [each.last async for each in archiver.archive(YEARS)][:1] == [1]
    await store.close()
    assert examined(tmp_path)[0] == []
