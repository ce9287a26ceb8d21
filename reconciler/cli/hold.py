"""``reconciler hold UNIT``: a person keeps a unit at the state it is at, whatever Git says next."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=False)
@unit_argument(required=True)
def command(reach: Reach, reason: str, unit: str) -> None:
    """Hold UNIT (app@environment) at the state it is at; new commits wait.

    Drift is healed as before. It follows Git again after release.
    """
    from reconciler.model.asking import Hold

    click.echo(asyncio.run(ask(reach, unit, lambda found: Hold(unit=found, reason=reason))).said)
