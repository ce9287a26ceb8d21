"""``reconciler resume [UNIT]``: a person lifts a pause."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, reason_option, unit_argument


@click.command()
@config_option
@reason_option(required=False)
@unit_argument(required=False)
def command(config: Path | None, reason: str, unit: str | None) -> None:
    """Lift the pause of UNIT (app@environment), or the one of everything."""
    click.echo(asyncio.run(_resume(config, unit, reason)))


async def _resume(config: Path | None, text: str | None, reason: str) -> str:
    from reconciler.cli.journal import author, decide, picture, reading
    from reconciler.cli.units import find_unit
    from reconciler.daemon.settings import Settings
    from reconciler.model.event import Resumed

    settings = Settings.load(config)
    async with reading(settings) as store:
        standing = (await picture(store, settings.state_dir)).standing
    unit = find_unit(text, standing.units) if text else None
    everything = standing.paused is not None
    single = sorted(str(each.unit) for each in standing.units.values() if each.paused)
    if unit and not standing.of(unit).paused:
        all_of_it = "; everything is, lift that with: reconciler resume" if everything else ""
        raise Failure(f"{unit} is not paused by itself{all_of_it}")
    if not unit and not everything:
        named = f"; these units are: {', '.join(single)}" if single else ""
        raise Failure(f"there is no pause of everything{named}")
    await decide(settings, [Resumed(unit=unit, author=author(), reason=reason)])
    if unit and everything:
        return f"Resumed {unit}, but everything is paused still; lift that with: reconciler resume"
    still = f" Paused still: {', '.join(single)}." if single and not unit else ""
    return f"Resumed {unit or 'everything'}; what is due is done now.{still}"
