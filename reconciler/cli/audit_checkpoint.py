"""``reconciler audit checkpoint``."""

import click

from reconciler.cli.errors import Failure


@click.command("checkpoint")
def command() -> None:
    """Not there yet."""
    raise Failure("this command is not there yet")
