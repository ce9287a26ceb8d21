"""``reconciler status``: where every unit stands."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit
from reconciler.cli.options import config_option, json_option

if TYPE_CHECKING:
    from reconciler.model.record import Picture


@click.command()
@config_option
@json_option
def command(config: Path | None, *, as_json: bool) -> Exit:
    """Show where every unit stands, then what needs attention.

    Exit status 4 when anything is held or waits, else 0.
    """
    from reconciler.cli import terminal
    from reconciler.cli.render.status import needs_a_person, status_json, status_text

    picture = asyncio.run(_look(config))
    if as_json:
        terminal.show_json(status_json(picture))
    else:
        terminal.show(status_text(picture, terminal.width()))
    return Exit.HELD if needs_a_person(picture) else Exit.DONE


async def _look(config: Path | None) -> "Picture":
    from reconciler.cli.journal import picture, reading
    from reconciler.daemon.settings import Settings

    settings = Settings.load(config)
    async with reading(settings) as store:
        return await picture(store, settings.state_dir)
