"""``reconciler doctor``: whether everything that is needed is there, before it is missed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit
from reconciler.cli.options import config_option, json_option

if TYPE_CHECKING:
    from reconciler.daemon.doctor.finding import Finding
    from reconciler.daemon.settings import Settings


@click.command()
@config_option
@json_option
@click.option("--host", "hosts", metavar="NAME", multiple=True, help="Look at this target only; may be given again.")
def command(config: Path | None, hosts: tuple[str, ...], *, as_json: bool) -> Exit:
    """Look at every target and at the daemon's own set-up; say how to mend what is wrong.

    Checks Git, documents, secrets, keys and space here; of every host
    whether it is reached, its key, login, sudo, clock, disk and tools; of
    engines, swarms, clusters and APIs whether they let us look at all that
    is to be there.
    Nothing is changed. Exit status: 0 all will work, 1 something will not.
    """
    from reconciler.cli import terminal
    from reconciler.cli.render.doctor import findings_json, findings_text
    from reconciler.daemon.doctor.finding import Level
    from reconciler.daemon.settings import Settings

    found = asyncio.run(_examined(Settings.load(config), hosts))
    if as_json:
        terminal.show_json(findings_json(found))
    else:
        terminal.show(findings_text(found, terminal.width()))
    return Exit.ERROR if any(each.level is Level.BAD for each in found) else Exit.DONE


async def _examined(settings: "Settings", hosts: Sequence[str]) -> "tuple[Finding, ...]":
    from reconciler.daemon.doctor.examine import examine
    from reconciler.daemon.wiring import examining

    async with examining(settings) as instruments:
        return await examine(settings, instruments, hosts)
