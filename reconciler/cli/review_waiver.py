"""``reconciler review-waiver UNIT ID``: another person looks at a broken glass afterwards."""

import asyncio

import click

from reconciler.cli.at_desk import ask
from reconciler.cli.options import Reach, reach_option, text_option, unit_argument


@click.command()
@reach_option
@text_option("--finding", "What was found of it; it is kept in the history.")
@unit_argument(required=True)
@click.argument("waiver", metavar="ID")
def command(reach: Reach, finding: str, unit: str, waiver: str) -> None:
    """Say what you found of the waiver ID of UNIT (app@environment).

    Whoever took it does not review it. One that is in force ends with that.
    """
    from reconciler.model.asking import ReviewWaiver

    asked = ask(reach, unit, lambda found: ReviewWaiver(unit=found, id=waiver, finding=finding))
    click.echo(asyncio.run(asked).said)
