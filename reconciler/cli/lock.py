"""``reconciler lock``: a person keeps a unit or an environment from being changed."""

import asyncio
from datetime import timedelta

import click

from reconciler.cli.at_desk import ask, ask_at_large
from reconciler.cli.options import (
    Reach,
    duration_option,
    environment_option,
    one_of,
    reach_option,
    reason_option,
    unit_argument,
)


@click.command()
@reach_option
@reason_option(required=True)
@environment_option
@duration_option("--for", "duration", "How long, for example 2h. Default: until unlock.")
@unit_argument(required=False)
def command(reach: Reach, reason: str, environment: str | None, duration: timedelta | None, unit: str | None) -> None:
    """Keep UNIT (app@environment), or a whole environment, from being changed.

    Nothing new begins there. A rollout that is under way goes on to its end,
    and takes itself back if it has to; to stop that too, see pause.
    """
    from reconciler.model.asking import Lock

    if one_of(unit, environment):
        asked = ask(
            reach,
            unit or "",
            lambda found: Lock(unit=found, environment=found.environment, reason=reason, duration=duration),
        )
    else:
        whole = Lock(unit=None, environment=environment or "", reason=reason, duration=duration)
        asked = ask_at_large(reach, whole)
    click.echo(asyncio.run(asked).said)
