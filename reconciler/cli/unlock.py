"""``reconciler unlock``: a person takes a lock away, whoever took it."""

import asyncio

import click

from reconciler.cli.at_desk import ask, ask_at_large
from reconciler.cli.options import Reach, environment_option, one_of, reach_option, reason_option, unit_argument


@click.command()
@reach_option
@reason_option(required=False)
@environment_option
@unit_argument(required=False)
def command(reach: Reach, reason: str, environment: str | None, unit: str | None) -> None:
    """Take the lock of UNIT (app@environment), or of an environment, away.

    Whoever took it; who that was, when and why is said.
    """
    from reconciler.model.asking import Unlock

    if one_of(unit, environment):
        asked = ask(reach, unit or "", lambda found: Unlock(unit=found, environment=found.environment, reason=reason))
    else:
        asked = ask_at_large(reach, Unlock(unit=None, environment=environment or "", reason=reason))
    click.echo(asyncio.run(asked).said)
