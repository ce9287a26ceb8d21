"""``reconciler restore``."""

import click

from reconciler.cli.errors import Failure


@click.command("restore")
def command() -> None:
    """Make the state folder from a backup."""
    raise Failure("this command is not there yet")
