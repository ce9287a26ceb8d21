"""``reconciler logs``."""

import click

from reconciler.cli.errors import Failure


@click.command("logs")
def command() -> None:
    """Show what programs on targets printed, step by step."""
    raise Failure("this command is not there yet")
