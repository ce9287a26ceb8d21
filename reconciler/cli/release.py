"""``reconciler release UNIT``: a person lets a unit that was held follow Git again."""

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
    """Let UNIT (app@environment), which was held or rolled back, follow Git again.

    What was rejected stays rejected; see retry.
    """
    click.echo(asyncio.run(_release(config, unit, reason)))


async def _release(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.journal import author, decide, picture, reading
    from reconciler.cli.units import find_unit
    from reconciler.control.where import paused
    from reconciler.daemon.settings import Settings
    from reconciler.model.event import Released

    settings = Settings.load(config)
    async with reading(settings) as store:
        seen = await picture(store, settings.state_dir)
    unit = find_unit(text, seen.standing.units)
    pinned = seen.standing.of(unit).pinned
    if pinned is None:
        raise Failure(f"nobody holds {unit}; to see why it is where it is: reconciler explain {unit}")
    await decide(settings, [Released(unit=unit, author=author(), reason=reason)])
    if pause := paused(seen, unit):
        resume = f"reconciler resume{f' {unit}' if pause.unit else ''}"
        return f"Released {unit}, but it is paused; lift that with: {resume}"
    return f"Released {unit} from {pinned.named}; it follows Git from now on."
