"""Entries leave the journal for the archive: none is ever in neither, and what is needed stays."""

import asyncio
import gzip
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from reconciler.audit.segment import SegmentDamaged, range_of, read
from reconciler.daemon.archive_reading import Segments
from reconciler.daemon.archiving import Archiver
from reconciler.daemon.sending import READER
from reconciler.daemon.sink_settings import ArchiveSettings
from reconciler.daemon.verifying import Checked, Evidence, checked
from reconciler.model.deed import SegmentArchived
from reconciler.model.event import (
    CommitAccepted,
    CommitRefused,
    Paused,
    RewriteAccepted,
    SourceFound,
    SourceLost,
)
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State
from reconciler.model.word import Locked
from reconciler.ports.errors import Busy, Denied, WorldError
from reconciler.ports.journal import JournalUnavailable
from reconciler.providers.segment_keeping import SegmentFiles, lines_of
from reconciler.store.journal import SqliteStore
from tests.factory import NOW
from tests.sim import plans

YEARS = NOW + timedelta(days=1000)
OTHER = UnitId("cart", "production")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


async def filled(store: SqliteStore, number: int) -> None:
    for start in range(0, number, 500):
        some = range(start, min(start + 500, number))
        await store.append([Paused(unit=OTHER, author="ann", reason=str(each)) for each in some], NOW)


async def archived(store: SqliteStore, folder: Path, entries: int = 10, sinks: tuple[str, ...] = ()) -> list[str]:
    archiver = Archiver(ArchiveSettings(folder=folder, entries=entries), store, sinks)
    return [made.file async for made in archiver.archive(YEARS)]


def numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [number for (number,) in connection.execute("SELECT id FROM event ORDER BY id")]


def whole(path: Path, folder: Path) -> int:
    """Return how many entries there are in journal and archive together, all of them as they were written."""
    *troubles, found = checked(path, Evidence(segments=Segments(folder, None)))
    assert troubles == []
    assert isinstance(found, Checked)
    assert found.walked.seen == found.walked.number
    return found.walked.seen


async def test_old_entries_are_in_files_that_verify_and_no_longer_in_the_journal(
    store: SqliteStore, path: Path, folder: Path
) -> None:
    await filled(store, 25)
    assert await archived(store, folder) == [
        "000000000001-000000000010.jsonl.gz",
        "000000000011-000000000020.jsonl.gz",
        "000000000021-000000000025.jsonl.gz",
    ]
    assert numbers(path) == [26, 27, 28], "what says that they were archived"
    assert whole(path, folder) == 28
    assert await archived(store, folder) == [], "that is young itself"


async def test_what_is_younger_stays(store: SqliteStore, path: Path, folder: Path) -> None:
    await filled(store, 3)
    settings = ArchiveSettings(folder=folder, after=timedelta(days=30))
    archiver = Archiver(settings, store, ())
    assert [made async for made in archiver.archive(NOW + timedelta(days=30))] == []
    made = [each async for each in archiver.archive(NOW + timedelta(days=30, seconds=1))]
    assert [(each.first, each.last) for each in made] == [(1, 3)]


async def test_what_projections_and_history_still_read_stays(store: SqliteStore, path: Path, folder: Path) -> None:
    await store.append([CommitAccepted(commit="old", subject="old"), SourceLost(reason="away"), SourceFound()], NOW)
    plan = plans.at_once(plans.shop("2", ["web-1"]))
    await store.append([CommitAccepted(commit="a", subject="first")], NOW)
    await store.append([CommitRefused(commit="b", subject="second", problems=())], NOW)
    await store.append([RewriteAccepted(commit="c", author="ann", reason="why")], NOW)
    await store.append([Locked(unit=OTHER, environment="", author="ann", reason="why", at=NOW)], NOW)
    await store.begin(plans.pending(plan, "r1", NOW), plan, plans.contents("2"), NOW)
    await filled(store, 3)
    before = await _known(store)
    await archived(store, folder, entries=100)
    assert numbers(path) == [1, 3, 4, 5, 6, 7, 8, 12]
    assert whole(path, folder) == 12
    assert await _known(store) == before


async def _known(store: SqliteStore) -> object:
    commits, standing = await store.history.commits(), await store.standing()
    return commits, standing, await store.history.accepted(5), await store.history.of_rollout("r1")


async def test_what_was_needed_leaves_once_it_is_not(store: SqliteStore, path: Path, folder: Path) -> None:
    plan = plans.at_once(plans.shop("2", ["web-1"]))
    rollout = plans.pending(plan, "r1", NOW)
    await store.begin(rollout, plan, plans.contents("2"), NOW)
    await archived(store, folder)
    assert 1 in numbers(path)
    lease = await store.claim("r1", "me", NOW, NOW + timedelta(hours=1))
    assert lease
    await store.record(lease, replace(rollout, state=State.ABORTED), [], NOW)
    newer = plans.at_once(plans.shop("3", ["web-1"]))
    await store.begin(plans.pending(newer, "r2", YEARS), newer, plans.contents("3"), YEARS)
    await archived(store, folder)
    assert 1 not in numbers(path)
    whole(path, folder)


async def test_the_trigger_lets_nothing_go_that_is_not_archived(store: SqliteStore, path: Path) -> None:
    await filled(store, 2)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="not archived stay"):
        connection.execute("DELETE FROM event WHERE id = 1")


async def test_numbers_and_links_go_on_after_all_is_archived(store: SqliteStore, path: Path, folder: Path) -> None:
    await filled(store, 5)
    await archived(store, folder)
    await filled(store, 2)
    assert numbers(path) == [6, 7, 8]
    assert whole(path, folder) == 8


async def test_what_a_place_has_not_taken_yet_stays_however_old_it_is(
    store: SqliteStore, path: Path, folder: Path
) -> None:
    await filled(store, 20)
    await store.readers.put(f"{READER}siem", 7)
    assert await archived(store, folder, sinks=(f"{READER}siem",)) == ["000000000001-000000000007.jsonl.gz"]
    assert await archived(store, folder, sinks=(f"{READER}siem", f"{READER}new")) == []
    assert numbers(path)[0] == 8


async def test_what_was_tampered_with_is_not_archived(store: SqliteStore, path: Path, folder: Path) -> None:
    await filled(store, 5)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
        connection.execute("UPDATE event SET actor = 'eve' WHERE id = 3")
    with pytest.raises(SegmentDamaged, match="entry 3 is not what was written"):
        await archived(store, folder)
    assert files(folder) == []
    assert len(numbers(path)) == 5


STEPS = {
    "before the record": ("record", "before"),
    "after the record": ("record", "after"),
    "before they go": ("let_go", "before"),
    "after they are gone": ("let_go", "after"),
}


class _Killed(BaseException):
    pass


class _Dying:
    """The real one, until the process dies at a step."""

    def __init__(self, real: Any, step: str) -> None:
        self._real = real
        self._name, self._when = STEPS[step]

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        return self._deadly(real) if name == self._name else real

    def _deadly(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def step(*args: Any) -> Any:
            if self._when == "after":
                await real(*args)
            raise _Killed

        return step


def files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if range_of(each.name))


@pytest.mark.parametrize("step", STEPS)
async def test_whoever_dies_at_a_step_loses_nothing_and_the_next_run_goes_on(
    step: str, store: SqliteStore, path: Path, folder: Path
) -> None:
    await filled(store, 25)
    real = store.archive
    store.archive = _Dying(real, step)  # type: ignore[assignment] # the real one with a death in it
    with pytest.raises(_Killed):
        await archived(store, folder)
    store.archive = real
    whole(path, folder)
    await archived(store, folder)
    assert [each for each in numbers(path) if each <= 25] == []
    assert whole(path, folder) >= 28


_RUN = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from reconciler.daemon.archive_reading import Segments
from reconciler.daemon.archiving import Archiver
from reconciler.daemon.sink_settings import ArchiveSettings
from reconciler.store.journal import SqliteStore
from tests.audit.test_archive_journal import YEARS

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    print("ready", flush=True)
    archiver = Archiver(ArchiveSettings(folder=Path(sys.argv[2]), entries=20), store, ())
    async for made in archiver.archive(YEARS):
        print(made.file, flush=True)
    await store.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 4, 9])
async def test_kill_9_leaves_each_entry_in_the_journal_or_in_a_segment(
    after: int, store: SqliteStore, path: Path, folder: Path
) -> None:
    await filled(store, 600)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _RUN, str(path), str(folder)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    for _ in range(after):
        await process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    await process.communicate()
    assert whole(path, folder) >= 600
    await archived(store, folder, entries=200)
    assert [each for each in numbers(path) if each <= 600] == []
    assert whole(path, folder) > 600


async def test_a_segment_that_was_changed_lets_nothing_go(store: SqliteStore, path: Path, folder: Path) -> None:
    await filled(store, 5)
    store.archive = _Dying(real := store.archive, "before they go")  # type: ignore[assignment] # as above
    with pytest.raises(_Killed):
        await archived(store, folder)
    store.archive = real
    (file,) = files(folder)
    file.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(SegmentDamaged, match="its entries stay here"):
        await archived(store, folder)
    assert len(numbers(path)) == 6


def _without_its_middle(data: bytes) -> bytes:
    return data[: len(data) // 2] + b"\0" * 20 + data[len(data) // 2 + 20 :]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-20], _without_its_middle, lambda _: b"", lambda _: gzip.compress(b"\xff\xfe\n")]
)
async def test_a_file_that_is_no_segment_is_told_and_never_a_bug(
    damage: Callable[[bytes], bytes], store: SqliteStore, folder: Path
) -> None:
    await filled(store, 50)
    await archived(store, folder, entries=50)
    (file,) = files(folder)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises((WorldError, SegmentDamaged)):
        list(read(lines_of(file, None)))


async def test_two_do_not_archive_at_once(store: SqliteStore, folder: Path) -> None:
    with SegmentFiles(folder, ()).alone(), pytest.raises(Busy, match="another process archives"):
        await archived(store, folder)


async def test_a_folder_that_cannot_be_made_is_told(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorldError, match="cannot use the folder of the archive"):
        await archived(store, tmp_path / "file" / "archive")


async def test_sealed_segments_are_opened_by_a_private_key_only(
    store: SqliteStore, path: Path, folder: Path, tmp_path: Path
) -> None:
    await filled(store, 5)
    ours, theirs = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    settings = ArchiveSettings(folder=folder, recipients=(str(ours.to_public()),))
    (made,) = [each async for each in Archiver(settings, store, ()).archive(YEARS)]
    assert made.file == "000000000001-000000000005.jsonl.gz.age"
    assert b"ann" not in (folder / made.file).read_bytes()
    (tmp_path / "ours").write_text(f"# a key\n{ours}\n")
    (tmp_path / "theirs").write_text(f"{theirs}\n")
    assert len(list(lines_of(folder / made.file, tmp_path / "ours"))) == 7
    with pytest.raises(Denied, match="not sealed for the keys in"):
        list(lines_of(folder / made.file, tmp_path / "theirs"))
    with pytest.raises(Denied, match="--identity"):
        list(lines_of(folder / made.file, None))
    assert isinstance(made, SegmentArchived)


async def test_what_is_archived_cannot_be_rebuilt_from_the_journal_and_that_is_said(
    store: SqliteStore, folder: Path
) -> None:
    await filled(store, 5)
    await store.rebuild()
    await archived(store, folder)
    with pytest.raises(JournalUnavailable, match="entries up to 5 are in the archive"):
        await store.rebuild()
