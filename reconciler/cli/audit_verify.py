"""``reconciler audit verify``: check that nothing in the record was changed, taken away or put in."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import config_option, json_option

if TYPE_CHECKING:
    from reconciler.audit.tamper import Trouble
    from reconciler.daemon.settings import Settings
    from reconciler.daemon.verifying import Checked, Evidence

TOLD = 100
"""So many troubles are told one by one."""

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


def _keys(_: click.Context, option: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
    from reconciler.providers.audit_key import is_public_key

    keys = tuple(_key(each) for each in words)
    if wrong := [word for word, key in zip(words, keys, strict=True) if not is_public_key(key)]:
        raise click.BadParameter(f"{wrong[0]!r} is neither a key of audit key nor a file with one", param=option)
    return keys


def _key(word: str) -> str:
    try:
        return Path(word).read_text(encoding="ascii").strip() if Path(word).is_file() else word
    except (OSError, ValueError):
        return word


@click.command("verify")
@config_option
@json_option
@click.option("--journal", type=_FILE, metavar="FILE", help="This journal, instead of the daemon's: a copy, a backup.")
@click.option(
    "--checkpoints",
    "files",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="Checkpoints kept elsewhere, a line each. Repeatable.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    callback=_keys,
    help="Believe only checkpoints of this public key, or that in this file. Repeatable.",
)
@click.option(
    "--archive",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The archive is here, instead of where the settings say.",
)
@click.option("--identity", type=_FILE, metavar="FILE", help="The private key (age) to an archive that is sealed.")
def command(
    config: Path | None,
    journal: Path | None,
    files: tuple[Path, ...],
    keys: tuple[str, ...],
    archive: Path | None,
    identity: Path | None,
    *,
    as_json: bool,
) -> Exit:
    """Check that nothing was changed, taken away or put in.

    Every entry is looked at, also those of the archive; nothing is written,
    and the daemon may be at work. Exit status 1 when anything is wrong.

    Who can write to the journal can also take away its last entries and
    checkpoints. That is found by checkpoints kept elsewhere (--checkpoints),
    and one who signs anew by the key kept elsewhere (--key).
    """
    from reconciler.cli import terminal
    from reconciler.cli.render.audit import checked_json
    from reconciler.daemon.archive_reading import Segments
    from reconciler.daemon.doorway import JOURNAL
    from reconciler.daemon.settings import Settings
    from reconciler.daemon.verifying import Evidence

    if journal is None:
        settings = Settings.load(config)
        journal, files, keys = settings.state_dir / JOURNAL, files or _kept(settings), keys or _ours(settings)
        archive = archive or (settings.audit.archive.folder if settings.audit.archive else None)
    segments = Segments(archive, identity) if archive else None
    there, gone = _there(files)
    troubles, wrong, found = _checked(journal, Evidence(checkpoints=there, keys=keys, segments=segments))
    if found.here:
        # Before the first checkpoint there is nothing to keep elsewhere.
        troubles, wrong = [*gone, *troubles][:TOLD], wrong + len(gone)
    if as_json:
        terminal.show_json(checked_json(troubles, wrong, found))
    else:
        _tell(troubles, wrong, found)
    return Exit.ERROR if wrong else Exit.DONE


def _kept(settings: "Settings") -> tuple[Path, ...]:
    file = settings.audit.checkpoints
    return (file,) if file else ()


def _there(files: tuple[Path, ...]) -> "tuple[tuple[Path, ...], list[Trouble]]":
    """Return the files with checkpoints that there are, and what is wrong with the others."""
    from reconciler.audit.tamper import Trouble
    from reconciler.providers.kept_checkpoints import is_gone

    gone = [file for file in files if is_gone(file)]
    lost = "are gone: whether the last entries were taken away too cannot be told"
    troubles = [Trouble(what=f"the checkpoints that the settings say are kept in {file} {lost}") for file in gone]
    return tuple(file for file in files if file not in gone), troubles


def _ours(settings: "Settings") -> tuple[str, ...]:
    from reconciler.providers.audit_key import AuditKeyUnusable, public_key

    try:
        ours = public_key(settings.state_dir)
    except AuditKeyUnusable as error:
        raise Failure(str(error)) from error
    return (ours,) if ours else ()


def _checked(journal: Path, evidence: "Evidence") -> "tuple[list[Trouble], int, Checked]":
    """Return the first troubles, how many there are, and what was looked at."""
    from reconciler.audit.tamper import Trouble
    from reconciler.daemon.verifying import checked
    from reconciler.providers.kept_checkpoints import CheckpointsUnusable

    troubles: list[Trouble] = []
    wrong = 0
    try:
        for each in checked(journal, evidence):
            if not isinstance(each, Trouble):
                return troubles, wrong, each
            wrong += 1
            if wrong <= TOLD:
                troubles.append(each)
    except CheckpointsUnusable as error:
        raise Failure(str(error)) from error
    raise AssertionError("internal error: the record was not looked at to its end")


def _tell(troubles: "Sequence[Trouble]", wrong: int, found: "Checked") -> None:
    from reconciler.cli.render.audit import checked_lines, trouble_line

    for each in troubles:
        click.echo(trouble_line(each))
    if wrong > len(troubles):
        click.echo(f"WRONG  and {wrong - len(troubles)} more")
    for line in checked_lines(wrong, found):
        click.echo(line)
