"""``reconciler rebuild``."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import config_option, json_option

if TYPE_CHECKING:
    from reconciler.daemon.relearning import Findings
    from reconciler.model.identity import UnitId


@click.command("rebuild")
@config_option
@click.option("--dry-run", is_flag=True, help="Say what would be learned; write nothing.")
@click.option("--unit", "units", metavar="APP@ENVIRONMENT", multiple=True, help="Only this unit; may be repeated.")
@json_option
def command(config: Path | None, *, units: tuple[str, ...], dry_run: bool, as_json: bool) -> Exit:
    """Learn from hosts and from Git what was lost with the journal.

    What was made, what was there before, which version runs: hosts keep it.
    Afterwards a pass plans nothing where all is as Git says, and takes away
    only what was made by us. The daemon must not run. A host that cannot be
    asked is named; run this again when it can, before the daemon begins.

    Exit status 4 when a host could not be asked, else 0.
    """
    from reconciler.cli import terminal
    from reconciler.cli.render.rebuild import findings_json, findings_text
    from reconciler.daemon.logs import set_up
    from reconciler.daemon.settings import Settings

    settings = Settings.load(config)
    set_up(settings.log)
    chosen = frozenset(map(_unit, units))
    findings = asyncio.run(_learned(config, chosen, dry_run=dry_run))
    if as_json:
        terminal.show_json(findings_json(findings))
    else:
        terminal.show(findings_text(findings))
    return Exit.HELD if findings.away else Exit.DONE


def _unit(text: str) -> "UnitId":
    from reconciler.model.identity import UnitId

    try:
        return UnitId.parse(text)
    except ValueError as error:
        raise Failure(str(error)) from error


async def _learned(config: Path | None, units: "frozenset[UnitId]", *, dry_run: bool) -> "Findings":
    from reconciler.daemon.rebuilding import rebuilding, rehearsing
    from reconciler.daemon.settings import Settings

    settings = Settings.load(config)
    if dry_run:
        async with rehearsing(settings) as rehearsal:
            return await rehearsal.look(units)
    async with rebuilding(settings) as made:
        return await made.learn(units)
