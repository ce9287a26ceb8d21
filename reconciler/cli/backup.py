"""``reconciler backup``."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, json_option


@click.command("backup")
@config_option
@click.argument("where", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--recipient",
    "recipients",
    metavar="KEY",
    multiple=True,
    help="Seal it for this public key, of age (age1...) or SSH; may be repeated.",
)
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Only the newest N in FOLDER stay.")
@json_option
def command(config: Path | None, where: Path, *, recipients: tuple[str, ...], keep: int | None, as_json: bool) -> None:
    """Copy all that is known to one file, also while the daemon runs.

    In it are the journal, who we are to hosts, and our keys: keep it as a
    secret, or seal it with --recipient. What Git and registries have is not.
    In a FOLDER the file gets a name by its time.
    """
    from reconciler.cli import terminal
    from reconciler.cli.at_desk import author
    from reconciler.daemon.backing_up import Wanted, back_up
    from reconciler.daemon.settings import Settings
    from reconciler.providers.clock import SystemClock
    from reconciler.providers.sealing import is_recipient

    if wrong := next((each for each in recipients if not is_recipient(each)), None):
        raise Failure(f"{wrong!r:.40} is neither a public key of age (age1...) nor one of SSH")
    if keep and not where.is_dir():
        raise Failure(f"--keep needs a folder, and {where} is none")
    wanted = Wanted(where=where.absolute(), recipients=recipients, keep=keep, author=author())
    file, manifest = asyncio.run(back_up(Settings.load(config), wanted, SystemClock()))
    if as_json:
        terminal.show_json({"file": str(file), "number": manifest.number, "link": manifest.link})
    else:
        click.echo(f"{file}: all up to entry {manifest.number}")
