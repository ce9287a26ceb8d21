"""Checkpoints are signed, kept in the journal, and kept elsewhere."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.audit.checkpoint import NoCheckpoint, line, read_line, statement
from reconciler.daemon.checkpoints import Checkpoints, sign_or_tell
from reconciler.daemon.settings import Settings
from reconciler.model.checkpoint import Checkpoint
from reconciler.model.event import Paused
from reconciler.providers.audit_key import AuditKeyUnusable, signed
from reconciler.providers.clock import SystemClock
from reconciler.providers.kept_checkpoints import CheckpointsUnusable
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP

PAUSED = Paused(unit=SHOP, author="ann", reason="x")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    (tmp_path / "state").mkdir()
    store = await SqliteStore.open(tmp_path / "state" / "journal.db")
    yield store
    await store.close()


def checkpoints(store: SqliteStore, folder: Path) -> Checkpoints:
    text = 'state_dir = "state"\n[git]\nurl = "https://git.example/x.git"\n[audit]\ncheckpoints = "kept.jsonl"\n'
    (folder / "reconciler.toml").write_text(text)
    return Checkpoints(Settings.load(folder / "reconciler.toml"), store.checkpoints, SystemClock())


def kept(folder: Path) -> list[int]:
    return [read_line(each).number for each in (folder / "kept.jsonl").read_text().splitlines()]


async def test_an_empty_journal_is_not_signed(store: SqliteStore, tmp_path: Path) -> None:
    assert await checkpoints(store, tmp_path).sign() is None
    assert not (tmp_path / "kept.jsonl").exists()


async def test_what_is_signed_is_kept_in_both_places_once(store: SqliteStore, tmp_path: Path) -> None:
    signing = checkpoints(store, tmp_path)
    await store.append([PAUSED, PAUSED], NOW)
    made = await signing.sign()
    assert made is not None
    assert signed(made.key, statement(made), made.signature)
    assert await signing.sign() == made
    assert (kept(tmp_path), made.number, made.previous) == ([2], 2, 0)
    await store.append([PAUSED], NOW)
    assert (await signing.sign(), kept(tmp_path)) == (await store.checkpoints.newest(), [2, 3])


async def test_what_a_place_elsewhere_missed_is_added_when_it_is_back(store: SqliteStore, tmp_path: Path) -> None:
    signing = checkpoints(store, tmp_path)
    (tmp_path / "kept.jsonl").mkdir()
    for _ in range(3):
        await store.append([PAUSED], NOW)
        with pytest.raises(CheckpointsUnusable, match=r"cannot read the checkpoints in .*kept.jsonl: Is a directory"):
            await signing.sign()
    (tmp_path / "kept.jsonl").rmdir()
    await signing.sign()
    assert kept(tmp_path) == [1, 2, 3]


async def test_a_line_that_was_cut_off_stays_and_what_follows_is_a_line(store: SqliteStore, tmp_path: Path) -> None:
    signing = checkpoints(store, tmp_path)
    await store.append([PAUSED], NOW)
    await signing.sign()
    with (tmp_path / "kept.jsonl").open("a") as file:
        file.write('{"at":"20')
    await store.append([PAUSED], NOW)
    await signing.sign()
    first, cut, second = (tmp_path / "kept.jsonl").read_text().splitlines()
    assert (read_line(first).number, cut, read_line(second).number) == (1, '{"at":"20', 2)


async def test_a_file_of_something_else_is_not_added_to(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "kept.jsonl").write_text("my notes\n")
    await store.append([PAUSED], NOW)
    with pytest.raises(CheckpointsUnusable, match=r"is no checkpoint \(it is not JSON, or is cut off\); move the file"):
        await checkpoints(store, tmp_path).sign()
    assert (tmp_path / "kept.jsonl").read_text() == "my notes\n"


async def test_a_file_that_knows_more_than_the_journal_is_told(store: SqliteStore, tmp_path: Path) -> None:
    signing = checkpoints(store, tmp_path)
    await store.append([PAUSED], NOW)
    (tmp_path / "kept.jsonl").write_text(f"{line(MADE)}\n")
    with pytest.raises(CheckpointsUnusable, match="knows entry 7, and the journal was never further than entry 1"):
        await signing.sign()
    assert kept(tmp_path) == [7]


async def test_a_key_that_cannot_be_used_stops_no_daemon(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "state" / "audit-key").mkdir(mode=0o700)
    await store.append([PAUSED], NOW)
    signing = checkpoints(store, tmp_path)
    with pytest.raises(AuditKeyUnusable, match="Is a directory"):
        await signing.sign()
    await sign_or_tell(signing)
    assert await store.checkpoints.newest() is None


MADE = Checkpoint(number=7, link="a" * 64, at="2026", controller="c", previous=3, key="k", signature="s")


def test_a_checkpoint_is_one_line_that_reads_back() -> None:
    assert read_line(line(MADE)) == MADE
    assert "\n" not in line(MADE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON, or is cut off"),
        ("[" * 100_000, "it is not JSON, or is cut off"),
        ("[]", "a checkpoint has just number, link"),
        (line(MADE).replace('"at"', '"when"'), "a checkpoint has just number, link"),
        (line(MADE).replace(":7,", ":true,"), "its number is not a number"),
        (line(MADE).replace('"c"', "1"), "its controller is not text"),
    ],
)
def test_what_is_no_checkpoint_is_told(text: str, why: str) -> None:
    with pytest.raises(NoCheckpoint, match=why):
        read_line(text)
