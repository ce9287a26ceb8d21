"""``reconciler abort UNIT``: a person ends a rollout."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=False)
@click.option("--leave", is_flag=True, help="Leave every target as it is now instead of going back.")
@unit_argument(required=True)
def command(reach: Reach, reason: str, unit: str, *, leave: bool) -> None:
    """End the rollout of UNIT (app@environment), and take it back.

    Ends at the next step; a transaction on a host is never cut. What Git says
    is not tried again before a new commit, or retry.
    """
    from reconciler.model.asking import Abort

    click.echo(asyncio.run(ask(reach, unit, lambda found: Abort(unit=found, reason=reason, leave=leave))).said)
