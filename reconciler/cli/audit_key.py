"""``reconciler audit key``."""

import click

from reconciler.cli.errors import Failure


@click.command("key")
def command() -> None:
    """Not there yet."""
    raise Failure("this command is not there yet")
