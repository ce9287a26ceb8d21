"""``reconciler pause [UNIT]``: a person stops automation."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, reason_option, unit_argument


@click.command()
@config_option
@reason_option(required=True)
@unit_argument(required=False)
def command(config: Path | None, reason: str, unit: str | None) -> None:
    """Stop automation for UNIT (app@environment), or for everything.

    A rollout that is under way stops at its next step. Nothing is changed,
    healed or reverted until the pause is lifted with resume.
    """
    click.echo(asyncio.run(_pause(config, unit, reason)))


async def _pause(config: Path | None, text: str | None, reason: str) -> str:
    from reconciler.cli.journal import author, decide, picture, reading
    from reconciler.cli.units import find_unit
    from reconciler.daemon.settings import Settings
    from reconciler.model.event import Paused

    settings = Settings.load(config)
    async with reading(settings) as store:
        seen = await picture(store, settings.state_dir)
    unit = find_unit(text, seen.standing.units) if text else None
    present = seen.standing.of(unit).paused if unit else seen.standing.paused
    name = str(unit) if unit else "everything"
    if present:
        raise Failure(f"{name} is paused already, by {present.author}: {present.reason}")
    await decide(settings, [Paused(unit=unit, author=author(), reason=reason)])
    rollouts = [each.rollout for each in seen.standing.units.values() if each.rollout and unit in (None, each.unit)]
    stopping = f" {len(rollouts)} under way: stopped at the next step." if rollouts else ""
    return f"Paused {name}.{stopping} To go on: reconciler resume{f' {unit}' if unit else ''}"
