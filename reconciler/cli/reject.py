"""``reconciler reject UNIT``: a person says no to a plan, or where a rollout waits."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=True)
@unit_argument(required=True)
def command(reach: Reach, reason: str, unit: str) -> None:
    """Reject the plan of UNIT (app@environment), or what its rollout waits with.

    A plan that waits for approval is not carried out. Of a rollout the step
    in hand fails, and policy says what follows (onFailure): mostly the unit
    is taken back. A step that does not wait is ended with abort.
    """
    from reconciler.model.asking import Reject

    click.echo(asyncio.run(ask(reach, unit, lambda found: Reject(unit=found, reason=reason))).said)
