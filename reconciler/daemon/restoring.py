"""What ``reconciler restore`` does: the state folder is made from a backup, which is checked before it is trusted."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.daemon.exclusive import check_owner, exclusive
from reconciler.model.asking import Refused
from reconciler.model.backup import FILES, JOURNAL, Manifest, Part
from reconciler.model.deed import Restored
from reconciler.ports.clock import Clock
from reconciler.providers import backup_file
from reconciler.providers.backup_file import NotABackup
from reconciler.store import backup
from reconciler.store.journal import SqliteStore
from reconciler.store.migrate import NEWEST

_SCRATCH = ".restore-"
_LARGEST = 1 << 40
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. ``identity`` is the file with the private key of one that is sealed.

    With ``force`` a journal that is there is put aside.
    """

    file: Path
    identity: Path | None
    author: str
    force: bool


async def restore(state: Path, wanted: Wanted, clock: Clock) -> tuple[Manifest, Path | None]:
    """Make the state folder from the backup; return what was in that, and where the old state is now, if there was one.

    Raises AlreadyRunning, NotOurs, Refused where a journal is there already or the backup is of a later version,
    NotABackup, Denied and JournalUnavailable; nothing is changed then.
    """
    check_owner(state, "the restore")
    with exclusive(state):
        _check(state, force=wanted.force)
        now = clock.now()
        _clear(state)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=state) as made:
            scratch = Path(made)
            manifest = _unpacked(wanted, scratch)
            deed = Restored(file=str(wanted.file), number=manifest.number, author=wanted.author)
            await _have_it_know(scratch / JOURNAL, deed, now)
            aside = _put_aside(state, now)
            _put_in_place(manifest, scratch, state)
    return manifest, aside


async def _have_it_know(journal: Path, deed: Restored, now: datetime) -> None:
    """Bring the copy to our form and write down in it that it is restored: no daemon ever begins from one that is not.

    What this version cannot read shows here, before anything that is there is touched.
    """
    store = await SqliteStore.open(journal)
    try:
        await store.restored(deed, now)
    finally:
        await store.close()
    backup.alone(journal)


def _put_in_place(manifest: Manifest, scratch: Path, state: Path) -> None:
    # The journal last, once all else is on the disk: what is cut off before it has no journal, and is done again.
    for name in manifest.parts:
        if name != JOURNAL:
            (scratch / name).replace(state / name)
    backup_file.sync_folder(state)
    (scratch / JOURNAL).replace(state / JOURNAL)
    backup_file.sync_folder(state)


def _clear(state: Path) -> None:
    """Nobody else restores: what is still there is of one that was killed."""
    for left in state.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left)


def _check(state: Path, *, force: bool) -> None:
    if (state / JOURNAL).exists() and not force:
        raise Refused(
            f"there is a journal in {state}, and it knows more than any backup of it; --force puts it aside first"
        )


def _unpacked(wanted: Wanted, scratch: Path) -> Manifest:
    manifest = _manifest(backup_file.read(wanted.file, wanted.identity, scratch, lambda data: _manifest(data).parts))
    newest = backup.newest(scratch / JOURNAL)
    if (newest.number, newest.link) != (manifest.number, manifest.link):
        raise NotABackup(f"the journal in {wanted.file} does not end where its manifest says")
    if newest.form != manifest.journal_form:
        raise NotABackup(f"the journal in {wanted.file} has another form than its manifest says")
    if newest.form > NEWEST:
        raise Refused(
            f"{wanted.file} was made by version {manifest.version}; its journal has form {newest.form}, and this one "
            f"knows no later form than {NEWEST}. Restore it with that version, or a later one"
        )
    if where := backup.broken(scratch / JOURNAL):
        raise NotABackup(f"the record in {wanted.file} was changed: {where}")
    return manifest


def _manifest(data: bytes) -> Manifest:
    """Read what a backup says of itself; ValueError when it makes no sense."""
    try:
        said = json.loads(data)
    except RecursionError as error:
        raise ValueError("its manifest is nested too deeply") from error
    if not isinstance(said, dict) or said.get("format") != 1:
        raise ValueError("its manifest is of no form that this version knows")
    try:
        manifest = Manifest(
            made_at=datetime.fromisoformat(said["made_at"]),
            version=str(said["version"]),
            controller=str(said["controller"]),
            number=int(said["number"]),
            link=str(said["link"]),
            journal_form=str(said["journal_form"]),
            settings=str(said["settings"]),
            parts={str(name): _part(name, each) for name, each in said["parts"].items()},
        )
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"its manifest lacks what it needs: {error}") from error
    if JOURNAL not in manifest.parts:
        raise ValueError("it has no journal")
    return manifest


def _part(name: str, said: Mapping[str, Any]) -> Part:
    if name not in FILES:
        raise ValueError(f"it names a file that no state folder has: {name!r:.100}")
    size = int(said["size"])
    if not 0 <= size <= _LARGEST:
        raise ValueError(f"{name} cannot have {size} bytes")
    return Part(size=size, digest=str(said["digest"]))


def _put_aside(state: Path, now: datetime) -> Path | None:
    there = [state / name for name in (*FILES, *(JOURNAL + each for each in _BESIDE)) if (state / name).exists()]
    if not there:
        return None
    aside = state / f"before-restore-{now:%Y%m%dT%H%M%S.%fZ}"
    aside.mkdir(mode=0o700)
    for each in there:
        each.replace(aside / each.name)
    backup_file.sync_folder(aside)
    return aside
