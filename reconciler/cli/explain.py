"""``reconciler explain UNIT``: why a unit is where it is."""

import asyncio
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import at_desk
from reconciler.cli.options import Reach, reach_option, unit_argument

if TYPE_CHECKING:
    from reconciler.model.identity import UnitId
    from reconciler.model.record import Picture


@click.command()
@reach_option
@unit_argument(required=True)
def command(reach: Reach, unit: str) -> None:
    """Say why UNIT (app@environment) is where it is, and what can be done."""
    from reconciler.cli import terminal
    from reconciler.cli.render.explain import explain_text

    picture, found = asyncio.run(_look(reach, unit))
    terminal.show(explain_text(picture, found, terminal.width()))


async def _look(reach: Reach, text: str) -> "tuple[Picture, UnitId]":
    from dataclasses import replace

    from reconciler.control.named import named

    async with at_desk(reach) as doorway:
        seen = await doorway.desk.picture()
        unit = named(text, seen.standing.units)
        took = await doorway.desk.took(unit) if seen.standing.of(unit).rollout else {}
        return replace(seen, took=took), unit
