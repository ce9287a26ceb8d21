"""``reconciler resume [UNIT]``: a person lifts a pause."""

import asyncio

import click

from reconciler.cli.at_desk import ask, ask_at_large
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=False)
@unit_argument(required=False)
def command(reach: Reach, reason: str, unit: str | None) -> None:
    """Lift the pause of UNIT (app@environment), or the one of everything."""
    from reconciler.model.asking import Resume

    if unit:
        asked = ask(reach, unit, lambda found: Resume(unit=found, reason=reason))
    else:
        asked = ask_at_large(reach, Resume(unit=None, reason=reason))
    click.echo(asyncio.run(asked).said)
