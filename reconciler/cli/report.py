"""``reconciler report``."""

import click

from reconciler.cli.errors import Failure


@click.command("report")
def command() -> None:
    """Report on a rollout or a period; check compliance."""
    raise Failure("this command is not there yet")
