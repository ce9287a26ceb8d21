"""``reconciler audit verify``."""

import click

from reconciler.cli.errors import Failure


@click.command("verify")
def command() -> None:
    """Not there yet."""
    raise Failure("this command is not there yet")
