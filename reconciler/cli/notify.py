"""``reconciler notify``."""

import click

from reconciler.cli.errors import Failure


@click.command("notify")
def command() -> None:
    """Try the channels that people are told through."""
    raise Failure("this command is not there yet")
