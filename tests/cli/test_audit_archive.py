"""``reconciler audit archive``, and the archive as it is asked."""

import asyncio
import gzip
import json
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from reconciler.daemon.archiving import Archiver
from reconciler.daemon.sink_settings import ArchiveSettings
from reconciler.model.event import Paused, Resumed
from reconciler.store.journal import SqliteStore
from tests.cli.examples import NOW, SHOP
from tests.cli.journals import Run, journal

OLD = (Paused(unit=SHOP, author="ann", reason="audit"), Paused(unit=SHOP, author="bob", reason="looking"))


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    """The folder of the archive, with the settings that say so."""
    folder = tmp_path / "archive"
    with (tmp_path / "reconciler.toml").open("a", encoding="utf-8") as file:
        file.write(f'[audit.archive]\nfolder = "{folder}"\nafter = "30d"\n')
    return folder


def archived(state: Path, folder: Path, *recipients: str) -> None:
    """Archive what is there, and go on a little."""

    async def work() -> None:
        store = await SqliteStore.open(state / "journal.db")
        settings = ArchiveSettings(folder=folder, recipients=recipients)
        async for _ in Archiver(settings, store, ()).archive(NOW + timedelta(days=500)):
            pass
        await store.append([Resumed(unit=SHOP, author="ann", reason="done")], NOW + timedelta(days=500))
        await store.close()

    asyncio.run(work())


def test_old_entries_are_archived_by_hand_and_each_file_is_told(run: Run, state: Path, folder: Path) -> None:
    journal(state, *OLD)
    shown = run("audit", "archive")
    assert shown.output == f"{folder}/000000000001-000000000002.jsonl.gz: entries 1 to 2\n"
    again = run("audit", "archive")
    assert again.output == "Nothing can be archived: no entry that all sinks have is older than 30d.\n"
    assert run("audit", "verify").exit_code == 0


def test_without_an_archive_in_the_settings_it_is_said_where_to_put_one(run: Run, state: Path) -> None:
    journal(state, *OLD)
    for words in (["archive"], ["query", "--archive"], ["export", "--archive"]):
        shown = run("audit", *words)
        assert (shown.exit_code, "folder in [audit.archive]" in shown.output) == (1, True)


def test_what_is_archived_is_found_when_it_is_asked_for(run: Run, state: Path, folder: Path) -> None:
    journal(state, *OLD)
    archived(state, folder)
    query = ["audit", "query", "--format", "json", str(SHOP)]
    assert _numbers(run(*query).output) == [4]
    assert _numbers(run(*query, "--archive").output) == [4, 2, 1]
    assert _numbers(run(*query, "--archive", "--limit", "2").output) == [4, 2]
    assert _numbers(run(*query, "--archive", "--actor", "bob", "--text", "LOOKING").output) == [2]


def test_an_export_with_the_archive_has_all_of_it_once(run: Run, state: Path, folder: Path) -> None:
    journal(state, *OLD)
    archived(state, folder)
    lines = run("audit", "export", "--archive").output.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3, 4]


def test_a_sealed_archive_is_opened_with_the_private_key(run: Run, state: Path, folder: Path, tmp_path: Path) -> None:
    journal(state, *OLD)
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"{key}\n")
    archived(state, folder, str(key.to_public()))
    assert "name the file with a private key" in run("audit", "export", "--archive").output
    opened = run("audit", "export", "--archive", "--identity", str(tmp_path / "key"), "--actor", "ann")
    assert [json.loads(line)["number"] for line in opened.output.splitlines()] == [1, 4]


def test_a_segment_that_was_changed_is_told(run: Run, state: Path, folder: Path) -> None:
    journal(state, *OLD)
    archived(state, folder)
    next(folder.glob("*.gz")).write_bytes(b"nothing")
    shown = run("audit", "query", "--archive")
    assert shown.exit_code == 1
    assert "cannot read the segment" in shown.output
    assert "Traceback" not in shown.output


def test_other_bytes_in_the_place_of_a_segment_are_not_even_unpacked(run: Run, state: Path, folder: Path) -> None:
    journal(state, *OLD)
    archived(state, folder)
    (file,) = folder.glob("*.gz")
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), 1, mtime=7))
    for words in (["query", "--archive"], ["export", "--archive"]):
        shown = run("audit", *words)
        assert (shown.exit_code, "it is not what was written then" in shown.output) == (1, True)


def _numbers(output: str) -> list[int]:
    return [each["number"] for each in json.loads(output)["records"]]
