"""``reconciler sync UNIT``: somebody wants Git and the unit looked at now."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=False)
@unit_argument(required=True)
def command(reach: Reach, reason: str, unit: str) -> None:
    """Look at Git and at UNIT (app@environment) now.

    Both are looked at anyway, at intervals and when something changes there.
    """
    from reconciler.model.asking import Sync

    click.echo(asyncio.run(ask(reach, unit, lambda found: Sync(unit=found, reason=reason))).said)
