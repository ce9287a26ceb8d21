"""``reconciler history``: what was rolled out, when, why, and how it ended."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, json_option, unit_argument

if TYPE_CHECKING:
    from reconciler.model.record import Entry, Kept
    from reconciler.model.rollout import Rollout


@click.command()
@config_option
@json_option
@unit_argument(required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many rollouts.")
@click.option("--rollout", metavar="ID", help="Show the events of this rollout instead.")
def command(config: Path | None, unit: str | None, limit: int, rollout: str | None, *, as_json: bool) -> None:
    """Show rollouts, newest first: of UNIT (app@environment), or of all.

    Of one unit also the states that are kept to go back to; see rollback.
    """
    if rollout and unit:
        raise Failure("give a unit or --rollout, not both")
    if rollout:
        _show_events(asyncio.run(_events(config, rollout)), as_json=as_json)
    else:
        rollouts, states = asyncio.run(_rollouts(config, unit, limit))
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


async def _events(config: Path | None, rollout: str) -> "Sequence[Entry]":
    from reconciler.cli.journal import reading
    from reconciler.daemon.settings import Settings

    async with reading(Settings.load(config)) as store:
        entries = await store.history.of_rollout(rollout)
    if not entries:
        raise Failure(f"there is no rollout {rollout}; reconciler history shows their ids")
    return entries


async def _rollouts(config: Path | None, unit: str | None, limit: int) -> "tuple[Sequence[Rollout], Sequence[Kept]]":
    from reconciler.cli.journal import reading
    from reconciler.cli.units import find_unit
    from reconciler.daemon.settings import Settings

    async with reading(Settings.load(config)) as store:
        chosen = find_unit(unit, (await store.standing()).units) if unit else None
        states = await store.history.states(chosen) if chosen else ()
        return await store.history.rollouts(chosen, limit), states
