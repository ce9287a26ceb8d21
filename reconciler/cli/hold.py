"""``reconciler hold UNIT``: a person keeps a unit at the state it is at, whatever Git says next."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, reason_option, unit_argument


@click.command()
@config_option
@reason_option(required=False)
@unit_argument(required=True)
def command(config: Path | None, reason: str, unit: str) -> None:
    """Hold UNIT (app@environment) at the state it is at; new commits wait.

    Drift is healed as before. It follows Git again after release.
    """
    click.echo(asyncio.run(_hold(config, unit, reason)))


async def _hold(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.journal import author, decide, picture, reading
    from reconciler.cli.units import find_unit
    from reconciler.daemon.settings import Settings
    from reconciler.model.event import Pinned

    settings = Settings.load(config)
    async with reading(settings) as store:
        seen = await picture(store, settings.state_dir)
    unit = find_unit(text, seen.standing.units)
    known = seen.standing.of(unit)
    if known.pinned:
        raise Failure(f"{unit} is held at {known.pinned.named} already, by {known.pinned.author}")
    if known.rollout:
        raise Failure(
            f"{unit} is between two states while it is rolled out. To stop it where it is: reconciler pause {unit} "
            f"--reason TEXT; to end it: reconciler abort {unit}"
        )
    if known.last_good is None:
        raise Failure(f"no state of {unit} was good yet, so there is none to hold it at")
    good = known.last_good.unit
    pinned = Pinned(unit=unit, digest=good.digest, named=good.named, author=author(), reason=reason)
    await decide(settings, [pinned])
    return f"Held {unit} at {good.named}; new commits wait. To follow Git again: reconciler release {unit}"
