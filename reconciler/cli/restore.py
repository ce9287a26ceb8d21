"""``reconciler restore``."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.options import config_option


@click.command("restore")
@config_option
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--identity",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The private key of one that is sealed: of age, or of SSH.",
)
@click.option("--force", is_flag=True, help="Put the journal that is there aside.")
def command(config: Path | None, file: Path, *, identity: Path | None, force: bool) -> None:
    """Make the state folder from a backup.

    The daemon must not run, and no journal may be there, unless --force puts
    it aside. What was rolled out since the backup is found by looking; run
    reconciler rebuild afterwards, before the daemon begins, so that what was
    made meanwhile is known to be ours. Approvals, pauses and holds that were
    given since are lost: give them again.
    """
    from reconciler.cli.at_desk import author
    from reconciler.daemon.restoring import Wanted, restore
    from reconciler.daemon.settings import Settings
    from reconciler.providers.clock import SystemClock

    wanted = Wanted(file=file.absolute(), identity=identity, author=author(), force=force)
    state = Settings.load(config).state_dir
    manifest, aside = asyncio.run(restore(state, wanted, SystemClock()))
    click.echo(f"{state}: as of {manifest.made_at:%Y-%m-%d %H:%M:%S}Z, up to entry {manifest.number}")
    if aside:
        click.echo(f"what was there before is in {aside}")
    click.echo("next: reconciler rebuild, then start the daemon")
