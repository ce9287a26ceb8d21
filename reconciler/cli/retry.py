"""``reconciler retry UNIT``: a person wants a rejected state tried again."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=True)
@unit_argument(required=True)
def command(reach: Reach, reason: str, unit: str) -> None:
    """Forget that UNIT (app@environment) was rejected; the same state is tried again."""
    from reconciler.model.asking import Retry

    click.echo(asyncio.run(ask(reach, unit, lambda found: Retry(unit=found, reason=reason))).said)
