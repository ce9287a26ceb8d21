"""A backup is checked before it is trusted: nothing of it gets into the state folder unless all of it is as it was."""

import gzip
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.daemon import backing_up, restoring
from reconciler.daemon.settings import GitSettings, Settings
from reconciler.model.deed import Stopped
from reconciler.model.event import Paused, Resumed
from reconciler.model.rollout import State
from reconciler.providers.backup_file import NotABackup
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP
from tests.sim.written import begun, planned

Parts = dict[str, bytes]
OBJECTIVE = 30.0
"""In seconds, of a machine that is busy with other tests."""


@dataclass(frozen=True)
class Fixed:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


async def _backup(folder: Path, *, entries: int = 3) -> Path:
    """Make a state folder with some entries, and return a backup of it."""
    state = folder / "first"
    state.mkdir(exist_ok=True)
    store = await SqliteStore.open(state / "journal.db")
    await begun(store, "r1", planned("1"))
    await store.append([Paused(unit=SHOP, author="ada", reason="x")], NOW)
    await store.append([Stopped(reason="x" * 400)] * entries, NOW)
    await store.close()
    (state / "controller").write_text("ctl-1\n")
    settings = Settings(state_dir=state, git=GitSettings(url=str(folder)))
    wanted = backing_up.Wanted(where=folder / "made.tar.gz", recipients=(), keep=None, author="ada")
    made, _ = await backing_up.back_up(settings, wanted, Fixed())
    return made


async def _restore(file: Path, state: Path, *, force: bool = False) -> None:
    await restoring.restore(state, restoring.Wanted(file=file, identity=None, author="ada", force=force), Fixed())


def _there(paths: list[Path]) -> list[Path]:
    return [each for each in paths if each.exists()]


def _parts(file: Path) -> Parts:
    with tarfile.open(file) as tar:
        return {name: (tar.extractfile(name) or io.BytesIO()).read() for name in tar.getnames()}


def _packed(file: Path, parts: Mapping[str, bytes], *more: tarfile.TarInfo) -> None:
    with tarfile.open(file, "w:gz") as tar:
        for name, data in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for odd in more:
            tar.addfile(odd)


def _manifest(parts: Parts, **said: Any) -> None:
    """Have the manifest say what is there by now, and this."""
    manifest = json.loads(parts["manifest.json"])
    manifest["parts"] = {
        name: {"size": len(data), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        for name, data in parts.items()
        if name != "manifest.json"
    }
    parts["manifest.json"] = json.dumps(manifest | said).encode()


def _sql(parts: Parts, *statements: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.deserialize(parts["journal.db"])
        for each in statements:
            connection.execute(each)
        connection.commit()
        parts["journal.db"] = connection.serialize()
    connection.close()


def _flipped(parts: Parts) -> None:
    data = bytearray(parts["journal.db"])
    data[len(data) // 2] ^= 1
    parts["journal.db"] = bytes(data)


def _an_entry_changed(parts: Parts) -> None:
    _sql(parts, "DROP TRIGGER event_is_never_changed", "UPDATE event SET actor = 'eve' WHERE id = 2")
    _manifest(parts)


def _an_entry_dropped(parts: Parts) -> None:
    _sql(parts, "DROP TRIGGER event_stays", "DELETE FROM event WHERE id = 2")
    _manifest(parts)


def _cut_off(parts: Parts) -> None:
    _sql(parts, "DROP TRIGGER event_stays", "DELETE FROM event WHERE id = (SELECT max(id) FROM event)")
    _manifest(parts)


def _climbing(parts: Parts) -> None:
    parts["../evil"] = b"x"
    _manifest(parts)


def _unknown(parts: Parts) -> None:
    parts["authorized_keys"] = b"x"
    _manifest(parts)


def _unnamed(parts: Parts) -> None:
    parts["secret-key"] = b"x"


def _missing(parts: Parts) -> None:
    del parts["controller"]


def _no_journal(parts: Parts) -> None:
    del parts["journal.db"]
    _manifest(parts)


def _no_database(parts: Parts) -> None:
    parts["journal.db"] = b"hello" * 1000
    _manifest(parts)


def _another_form(parts: Parts) -> None:
    _manifest(parts, format=2)


def _another_form_of_the_journal(parts: Parts) -> None:
    _manifest(parts, journal_form="0001")


def _deep(parts: Parts) -> None:
    parts["manifest.json"] = b"[" * 200_000


def _beyond_numbers(parts: Parts) -> None:
    manifest = json.loads(parts["manifest.json"])
    parts["manifest.json"] = json.dumps(manifest | {"number": "?"}).replace('"?"', "1e999").encode()


def _half_a_manifest(parts: Parts) -> None:
    parts["manifest.json"] = b'{"format": 1}'


def _no_manifest(parts: Parts) -> None:
    del parts["manifest.json"]


def _endless(parts: Parts) -> None:
    manifest = json.loads(parts["manifest.json"])
    manifest["parts"]["controller"]["size"] = 1 << 60
    parts["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_flipped, "its digest is another one"),
        (_an_entry_changed, "entry 2 is not as it was written"),
        (_an_entry_dropped, "entry 2 is missing"),
        (_cut_off, "does not end where its manifest says"),
        (_climbing, "no state folder has"),
        (_unknown, "no state folder has"),
        (_unnamed, "does not name"),
        (_missing, "controller is missing"),
        (_no_journal, "it has no journal"),
        (_no_database, "no journal"),
        (_another_form, "no form that this version knows"),
        (_another_form_of_the_journal, "another form than its manifest says"),
        (_deep, "nested too deeply"),
        (_beyond_numbers, "lacks what it needs"),
        (_half_a_manifest, "lacks what it needs"),
        (_no_manifest, "does not begin with a manifest"),
        (_endless, "cannot have"),
    ],
)
async def test_what_was_changed_is_refused_and_nothing_of_it_is_there(
    harm: Callable[[Parts], None], said: str, tmp_path: Path
) -> None:
    file, state = await _backup(tmp_path), tmp_path / "second"
    parts = _parts(file)
    harm(parts)
    _packed(file, parts)
    with pytest.raises(Exception, match=said) as caught:
        await _restore(file, state)
    assert type(caught.value).__name__ in ("NotABackup", "JournalUnavailable")
    assert [each.name for each in state.iterdir()] == ["lock"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
async def test_what_is_no_plain_file_is_refused(kind: bytes, tmp_path: Path) -> None:
    file, state = await _backup(tmp_path), tmp_path / "second"
    parts = _parts(file)
    del parts["controller"]
    odd = tarfile.TarInfo("controller")
    odd.type, odd.linkname = kind, "/etc/passwd"
    _packed(file, parts, odd)
    with pytest.raises(NotABackup, match="does not name"):
        await _restore(file, state)


@pytest.mark.parametrize("keep", [0, 1, 20, 500])
async def test_a_file_that_is_cut_off_is_refused(keep: int, tmp_path: Path) -> None:
    file, state = await _backup(tmp_path), tmp_path / "second"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(NotABackup):
        await _restore(file, state)


async def test_a_file_that_is_no_tar_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "odd"
    file.write_bytes(gzip.compress(b"hello" * 10_000))
    with pytest.raises(NotABackup):
        await _restore(file, tmp_path / "second")


async def test_what_was_in_hand_is_over_and_what_people_said_stays(tmp_path: Path) -> None:
    file, state = await _backup(tmp_path), tmp_path / "second"
    await _restore(file, state)
    store = await SqliteStore.open(state / "journal.db")
    try:
        known = (await store.standing()).of(SHOP)
        assert known.rollout is None
        assert known.last is not None
        assert (known.last.id, known.last.state) == ("r1", State.SUPERSEDED)
        assert known.paused is not None
        assert await store.is_newly_restored()
        await store.append([Resumed(unit=SHOP, author="ada", reason="x")], NOW)
        assert await store.is_newly_restored()
    finally:
        await store.close()


async def test_the_objectives_are_met_with_as_many_entries_as_a_thousand_rollouts_leave(tmp_path: Path) -> None:
    file, state = await _backup(tmp_path, entries=29_000), tmp_path / "second"
    began = time.monotonic()  # noqa: TID251 - this is about real time
    await _restore(file, state)
    assert time.monotonic() - began < OBJECTIVE  # noqa: TID251
    assert (state / "journal.db").stat().st_size > 10_000_000


async def test_what_a_killed_one_left_behind_is_taken_away(tmp_path: Path) -> None:
    left = [tmp_path / "first/.backup-old", tmp_path / "second/.restore-old"]
    long_ago = NOW.timestamp() - 2 * 86_400
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "journal.db").touch()
        os.utime(folder, (long_ago, long_ago))
    await _restore(await _backup(tmp_path), tmp_path / "second")
    assert _there(left) == []


async def _live(folder: Path) -> Path:
    """Make a state folder that is at work."""
    state = folder / "second"
    state.mkdir()
    store = await SqliteStore.open(state / "journal.db")
    await store.append([Stopped(reason="live")], NOW)
    await store.close()
    (state / "controller").write_text("live\n")
    return state


def _content(state: Path) -> Mapping[str, bytes]:
    return {each.name: each.read_bytes() for each in state.iterdir() if each.name in ("journal.db", "controller")}


def _of_a_later_version(parts: Parts) -> None:
    _sql(parts, "UPDATE alembic_version SET version_num = '9999'")
    _manifest(parts, journal_form="9999")


def _that_takes_no_entry(parts: Parts) -> None:
    _sql(parts, "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no room'); END")
    _manifest(parts)


@pytest.mark.parametrize(
    ("harm", "said"),
    [(_of_a_later_version, "Restore it with that version, or a later one"), (_that_takes_no_entry, "no room")],
)
async def test_a_journal_that_cannot_be_told_that_it_is_restored_takes_the_place_of_none(
    harm: Callable[[Parts], None], said: str, tmp_path: Path
) -> None:
    file, state = await _backup(tmp_path), await _live(tmp_path)
    before = _content(state)
    parts = _parts(file)
    harm(parts)
    _packed(file, parts)
    with pytest.raises(Exception, match=said):
        await _restore(file, state, force=True)
    assert _content(state) == before
    assert list(state.glob("before-restore-*")) == []


async def test_a_restored_journal_is_one_file_that_needs_no_other(tmp_path: Path) -> None:
    file, state = await _backup(tmp_path), tmp_path / "second"
    await _restore(file, state)
    assert sorted(each.name for each in state.iterdir()) == ["controller", "journal.db", "lock"]
