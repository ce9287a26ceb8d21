"""``reconciler release UNIT``: a person lets a unit that was held follow Git again."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=False)
@unit_argument(required=True)
def command(reach: Reach, reason: str, unit: str) -> None:
    """Let UNIT (app@environment), which was held or rolled back, follow Git again.

    What was rejected stays rejected; see retry.
    """
    from reconciler.model.asking import Release

    click.echo(asyncio.run(ask(reach, unit, lambda found: Release(unit=found, reason=reason))).said)
