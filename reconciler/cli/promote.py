"""``reconciler promote UNIT``: a person does not want a rollout to wait any longer."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=False)
@click.option(
    "--full",
    is_flag=True,
    help="End every wait to come; yours is one approval. Health is checked, and approvals of others are needed.",
)
@unit_argument(required=True)
def command(reach: Reach, reason: str, unit: str, *, full: bool) -> None:
    """Let the rollout of UNIT (app@environment) go on: end the wait it is in.

    Ends a pause, an analysis that is unclear or not done, or the wait for
    just this. An approval is given with approve.
    """
    from reconciler.model.asking import Promote

    asked = ask(reach, unit, lambda found: Promote(unit=found, reason=reason, fully=full))
    click.echo(asyncio.run(asked).said)
