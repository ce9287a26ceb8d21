"""What ``reconciler backup`` does: all that only the state folder knows goes to one file, while the daemon runs."""

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from reconciler.daemon.exclusive import check_owner
from reconciler.daemon.settings import Settings
from reconciler.model.asking import Refused
from reconciler.model.backup import FILES, JOURNAL, Manifest
from reconciler.model.canonical import digest
from reconciler.model.deed import BackupTaken
from reconciler.ports.clock import Clock
from reconciler.providers import backup_file
from reconciler.store import backup
from reconciler.store.journal import SqliteStore
from reconciler.store.migrate import NEWEST
from reconciler.store.sqlite import Database, engine_for

_SCRATCH = ".backup-"
_LEFT_BEHIND = timedelta(days=1)
_OURS = re.compile(r"reconciler-\d{8}T\d{6}Z\.tar\.(gz|age)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. ``where`` is a file, or a folder in which the backup gets a name by its time.

    Sealed for ``recipients`` (public keys of age or SSH), if there are any. Of a folder's backups the newest ``keep``
    stay; None keeps them all.
    """

    where: Path
    recipients: Sequence[str]
    keep: int | None
    author: str


async def back_up(settings: Settings, wanted: Wanted, clock: Clock) -> tuple[Path, Manifest]:
    """Write the backup and an entry that says so; return the file and what is in it.

    The file is there whole or not at all. Raises NotOurs, Refused, JournalUnavailable, Denied.
    """
    state = settings.state_dir
    _check(state)
    now = clock.now()
    into = wanted.where / _name(now, wanted) if wanted.where.is_dir() else wanted.where
    try:
        manifest = await asyncio.to_thread(_write, settings, into, wanted.recipients, now)
    except OSError as error:
        raise Refused(f"cannot make a copy in {state} for the backup: {error.strerror or error}") from error
    deed = BackupTaken(file=str(into), number=manifest.number, author=wanted.author)
    await _note(state / JOURNAL, deed, now)
    if wanted.keep is not None and wanted.where.is_dir():
        _let_go(wanted.where, wanted.keep)
    return into, manifest


def _check(state: Path) -> None:
    check_owner(state, "the backup")
    if not (state / JOURNAL).exists():
        raise Refused(f"there is no journal in {state}; the daemon makes it when it starts first")


def _name(now: datetime, wanted: Wanted) -> str:
    return f"reconciler-{now:%Y%m%dT%H%M%SZ}.tar.{'age' if wanted.recipients else 'gz'}"


def _write(settings: Settings, into: Path, recipients: Sequence[str], now: datetime) -> Manifest:
    state = settings.state_dir
    _clear(state, now)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=state) as scratch:
        copied = Path(scratch) / JOURNAL
        newest = backup.copy(state / JOURNAL, copied)
        if newest.form != NEWEST:
            raise Refused(
                f"the journal has form {newest.form}, and this version writes {NEWEST}; start the daemon once"
            )
        files = {name: state / name for name in FILES if name != JOURNAL and (state / name).exists()}
        files = {JOURNAL: copied, **files}
        manifest = Manifest(
            made_at=now,
            version=version("reconciler"),
            controller=_controller(state),
            number=newest.number,
            link=newest.link,
            journal_form=newest.form,
            settings=digest(json.loads(settings.model_dump_json())),
            parts={name: backup_file.part(path) for name, path in files.items()},
        )
        backup_file.write(into, _text(manifest), files, recipients)
    return manifest


def _clear(state: Path, now: datetime) -> None:
    """Take away what a backup left behind that was killed; one that is being made is younger."""
    for left in state.glob(f"{_SCRATCH}*"):
        if datetime.fromtimestamp(left.stat().st_mtime, UTC) < now - _LEFT_BEHIND:
            shutil.rmtree(left)


def _controller(state: Path) -> str:
    try:
        return (state / "controller").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _text(manifest: Manifest) -> bytes:
    return json.dumps(asdict(manifest), indent=1, default=datetime.isoformat).encode()


async def _note(journal: Path, deed: BackupTaken, now: datetime) -> None:
    store = SqliteStore(Database(engine_for(journal, mode="rw"), str(journal)))
    try:
        await store.append([deed], now)
    finally:
        await store.close()


def _let_go(folder: Path, keep: int) -> None:
    """Only files of the names that we give ourselves go, the oldest first."""
    ours = sorted(each for each in folder.iterdir() if _OURS.fullmatch(each.name) and each.is_file())
    for each in ours[: max(0, len(ours) - keep)]:
        each.unlink()
