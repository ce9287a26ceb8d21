"""``reconciler retry UNIT``: a person wants a rejected state tried again."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, reason_option, unit_argument


@click.command()
@config_option
@reason_option(required=True)
@unit_argument(required=True)
def command(config: Path | None, reason: str, unit: str) -> None:
    """Forget that UNIT (app@environment) was rejected; the same state is tried again."""
    click.echo(asyncio.run(_retry(config, unit, reason)))


async def _retry(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.journal import author, decide, picture, reading
    from reconciler.cli.units import find_unit
    from reconciler.control.where import may_retry, paused, place
    from reconciler.daemon.settings import Settings
    from reconciler.model.event import RetryRequested

    settings = Settings.load(config)
    async with reading(settings) as store:
        seen = await picture(store, settings.state_dir)
    unit = find_unit(text, seen.standing.units)
    if not may_retry(seen, unit):
        raise Failure(f"{unit} is not rejected (state: {place(seen, unit).word}); there is nothing to retry")
    await decide(settings, [RetryRequested(unit=unit, author=author(), reason=reason)])
    if paused(seen, unit):
        return f"The verdict on {unit} is forgotten. It is paused, so nothing happens before: reconciler resume"
    return f"The verdict on {unit} is forgotten; what Git says is tried again now."
