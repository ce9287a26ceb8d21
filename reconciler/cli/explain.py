"""``reconciler explain UNIT``: why a unit is where it is."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import config_option, unit_argument

if TYPE_CHECKING:
    from reconciler.model.identity import UnitId
    from reconciler.model.record import Picture


@click.command()
@config_option
@unit_argument(required=True)
def command(config: Path | None, unit: str) -> None:
    """Say why UNIT (app@environment) is where it is, and what can be done."""
    from reconciler.cli import terminal
    from reconciler.cli.render.explain import explain_text

    picture, found = asyncio.run(_look(config, unit))
    terminal.show(explain_text(picture, found, terminal.width()))


async def _look(config: Path | None, text: str) -> "tuple[Picture, UnitId]":
    from dataclasses import replace

    from reconciler.cli.journal import picture, reading
    from reconciler.cli.units import find_unit
    from reconciler.daemon.settings import Settings

    settings = Settings.load(config)
    async with reading(settings) as store:
        seen = await picture(store, settings.state_dir)
        unit = find_unit(text, seen.standing.units)
        took = await store.history.took(unit) if seen.standing.of(unit).rollout else {}
        return replace(seen, took=took), unit
