"""``reconciler status``: where every unit stands."""

import asyncio
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import at_desk
from reconciler.cli.errors import Exit
from reconciler.cli.options import Reach, json_option, reach_option

if TYPE_CHECKING:
    from reconciler.model.record import Picture


@click.command()
@reach_option
@json_option
def command(reach: Reach, *, as_json: bool) -> Exit:
    """Show where every unit stands, then what needs attention.

    Exit status 4 when anything is held or waits, else 0.
    """
    from reconciler.cli import terminal
    from reconciler.cli.render.status import needs_a_person, status_json, status_text

    picture = asyncio.run(_look(reach))
    if as_json:
        terminal.show_json(status_json(picture))
    else:
        terminal.show(status_text(picture, terminal.width()))
    return Exit.HELD if needs_a_person(picture) else Exit.DONE


async def _look(reach: Reach) -> "Picture":
    async with at_desk(reach) as doorway:
        return await doorway.desk.picture()
