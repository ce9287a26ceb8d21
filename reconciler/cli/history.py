"""``reconciler history``: what was rolled out, when, why, and how it ended."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import at_desk
from reconciler.cli.errors import Failure
from reconciler.cli.options import Reach, json_option, reach_option, unit_argument

if TYPE_CHECKING:
    from reconciler.model.record import Entry, Kept
    from reconciler.model.rollout import Rollout


MOST_EVENTS = 1000


@click.command()
@reach_option
@json_option
@unit_argument(required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many rollouts.")
@click.option("--rollout", metavar="ID", help="Show the events of this rollout instead.")
def command(reach: Reach, unit: str | None, limit: int, rollout: str | None, *, as_json: bool) -> None:
    """Show rollouts, newest first: of UNIT (app@environment), or of all.

    Of one unit also the states that are kept to go back to; see rollback.
    """
    if rollout and unit:
        raise Failure("give a unit or --rollout, not both")
    if rollout:
        _show_events(asyncio.run(_events(reach, rollout)), as_json=as_json)
    else:
        rollouts, states = asyncio.run(_rollouts(reach, unit, limit))
        _show_rollouts(rollouts, states, as_json=as_json)


def _show_events(entries: "Sequence[Entry]", *, as_json: bool) -> None:
    from reconciler.cli import terminal
    from reconciler.cli.render.history import events_json, events_text

    if as_json:
        terminal.show_json(events_json(entries))
    else:
        terminal.show(events_text(entries, terminal.width()))


def _show_rollouts(rollouts: "Sequence[Rollout]", states: "Sequence[Kept]", *, as_json: bool) -> None:
    from reconciler.cli import terminal
    from reconciler.cli.render.history import history_json, history_text
    from reconciler.cli.render.states import states_json, states_text
    from reconciler.providers.clock import SystemClock

    if as_json:
        kept = {"states": states_json(states)} if states else {}
        terminal.show_json({**history_json(rollouts), **kept})
    else:
        now = SystemClock().now()
        terminal.show(history_text(rollouts, now, terminal.width()))
        if states:
            terminal.show(states_text(states, now, terminal.width()))


async def _events(reach: Reach, rollout: str) -> "Sequence[Entry]":
    async with at_desk(reach) as doorway:
        entries = await doorway.archive.events(rollout, MOST_EVENTS)
    if not entries:
        raise Failure(f"there is no rollout {rollout}; reconciler history shows their ids")
    return entries


async def _rollouts(reach: Reach, unit: str | None, limit: int) -> "tuple[Sequence[Rollout], Sequence[Kept]]":
    from reconciler.control.named import named

    async with at_desk(reach) as doorway:
        chosen = named(unit, (await doorway.desk.picture()).standing.units) if unit else None
        states = await doorway.archive.states(chosen) if chosen else ()
        return await doorway.archive.rollouts(chosen, limit), states
