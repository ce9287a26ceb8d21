"""``reconciler pause [UNIT]``: a person stops automation."""

import asyncio

import click

from reconciler.cli.at_desk import ask, ask_at_large
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=True)
@unit_argument(required=False)
def command(reach: Reach, reason: str, unit: str | None) -> None:
    """Stop automation for UNIT (app@environment), or for everything.

    A rollout that is under way stops at its next step. Nothing is changed,
    healed or reverted until the pause is lifted with resume.
    """
    from reconciler.model.asking import Pause

    if unit:
        asked = ask(reach, unit, lambda found: Pause(unit=found, reason=reason))
    else:
        asked = ask_at_large(reach, Pause(unit=None, reason=reason))
    click.echo(asyncio.run(asked).said)
