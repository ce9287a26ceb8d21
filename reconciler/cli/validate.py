"""``reconciler validate``: every mistake in desired state and policies, without Git, hosts or secrets."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit

if TYPE_CHECKING:
    from reconciler.model.unit import Desired


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
def command(path: Path) -> int:
    """Check desired state and policies; report every mistake.

    PATH is the folder that holds desired-state/ and policies/ (default: this
    one). Files are read as they lie there, committed or not. Secrets are not
    looked up. Exit status: 0 no mistakes, 1 mistakes.
    """
    from reconciler.control.clean import clean
    from reconciler.desired.load import Invalid

    try:
        desired = in_folder(path)
    except Invalid as invalid:
        for problem in invalid.problems:
            click.echo(clean(str(problem)))
        files = len({problem.file for problem in invalid.problems})
        click.echo(f"{_count(len(invalid.problems), 'problem')} in {_count(files, 'file')}")
        return Exit.ERROR
    targets = "host" if len(desired.hosts) == len(desired.targets) else "target"
    click.echo(f"no problems: {_count(len(desired.units), 'unit')} on {_count(len(desired.targets), targets)}")
    return Exit.DONE


def in_folder(path: Path) -> "Desired":
    """Return what the files of a folder ask for, committed or not, without secrets; raise Invalid."""
    from reconciler.desired.folder import NoSecrets, read_folder
    from reconciler.desired.load import Folders, load
    from reconciler.kinds.catalog import CATALOG

    folders = Folders()
    return load("worktree", read_folder(path, folders), CATALOG, NoSecrets(), folders)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
