"""``reconciler query``: what is there, as it was seen last or as it is now."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import at_desk
from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import Reach, json_option, reach_option

if TYPE_CHECKING:
    from reconciler.cli.render.sightings import Seen


@click.command()
@reach_option
@json_option
@click.option("--fresh", is_flag=True, help="Look now, instead of telling what was seen last.")
@click.option("--check", metavar="CEL", help="Say whether this is true of all that fits; exit status 4 when not.")
@click.argument("what", metavar="WHAT")
def command(reach: Reach, what: str, check: str | None, *, as_json: bool, fresh: bool) -> Exit:
    """Show what is there: the resources that WHAT names, or a target's facts.

    WHAT is a resource as everywhere (shop@production/web-1/file:/etc/motd), a
    unit, or a pattern with * for any text; the name of a target alone asks for
    its facts. In CEL, resource has present, attributes, status and age (s).
    """
    from reconciler.cli import terminal
    from reconciler.cli.render.sightings import NothingNamed, seen_json, seen_text

    try:
        found = asyncio.run(_found(reach, what, fresh=fresh))
    except NothingNamed as nothing:
        raise Failure(str(nothing)) from nothing
    if check is not None:
        return _checked(found, check)
    if as_json:
        terminal.show_json(seen_json(found))
    else:
        terminal.show(seen_text(found, terminal.width()))
    return Exit.DONE


def _checked(found: "Sequence[Seen]", text: str) -> Exit:
    from reconciler.cli.render.sightings import as_value
    from reconciler.policy import condition

    try:
        made = condition.Condition(condition.expression(text, ("resource", condition.Sort.JSON)))
    except condition.ConditionMistake as mistake:
        raise Failure(f"--check: {mistake}" + (f"; {mistake.suggestion}" if mistake.suggestion else "")) from mistake
    held = Exit.DONE
    for each in found:
        try:
            true = made.holds({"resource": as_value(each)})
        except condition.Fault as fault:
            raise Failure(f"{each.name}: cannot say whether {text}: {fault}") from fault
        click.echo(f"{each.name}: {'yes' if true else 'no'}")
        held = held if true else Exit.HELD
    return held


async def _found(reach: Reach, what: str, *, fresh: bool) -> "Sequence[Seen]":
    from reconciler.cli.render.sightings import facts_seen, matching
    from reconciler.providers.clock import SystemClock

    async with at_desk(reach) as doorway:
        outlook = doorway.outlook
        if fresh and "@" in what:
            return matching(await outlook.sightings(what), what, SystemClock().now())
        now = SystemClock().now()
        if "@" in what or "*" in what:
            unit, _, rest = what.partition("/")
            target, _, _ = rest.partition("/")
            found = (await outlook.remembered(unit, target or "*")).sightings
            return matching(found or (await outlook.remembered("*", "*")).sightings, what, now)
        return facts_seen((await outlook.remembered("*", "*")).facts, what, now)
