"""``reconciler audit``."""

import click

from reconciler.cli.errors import Failure


@click.command("audit")
def command() -> None:
    """Search, check, export and sign the record."""
    raise Failure("this command is not there yet")
