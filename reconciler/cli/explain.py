"""``reconciler explain UNIT``: why a unit is where it is."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import config_option, unit_argument

if TYPE_CHECKING:
    from reconciler.cli.render.where import Picture


@click.command()
@config_option
@unit_argument(required=True)
def command(config: Path | None, unit: str) -> None:
    """Say why UNIT (app@environment) is where it is, and what can be done."""
    from reconciler.cli import terminal
    from reconciler.cli.render.explain import explain_text
    from reconciler.cli.units import find_unit

    picture = asyncio.run(_look(config))
    terminal.show(explain_text(picture, find_unit(unit, picture.standing.units), terminal.width()))


async def _look(config: Path | None) -> "Picture":
    from reconciler.cli.journal import picture, reading
    from reconciler.daemon.settings import Settings

    settings = Settings.load(config)
    async with reading(settings) as store:
        return await picture(store, settings.state_dir)
