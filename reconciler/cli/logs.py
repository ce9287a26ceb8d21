"""``reconciler logs``: what programs on targets printed, step by step; while it is printed with ``--follow``."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import at_desk
from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import Reach, duration_option, json_option, reach_option, unit_argument

if TYPE_CHECKING:
    from rich.text import Text

    from reconciler.model.output import Asked, Piece
    from reconciler.model.plan import Plan
    from reconciler.model.rollout import Rollout
    from reconciler.ports.desk import Doorway

READ_AT_ONCE = 200
LOOKS = 0.5
"""How often it is looked whether there is more, in seconds."""

LOOKED_THROUGH = 1000


@click.command("logs")
@reach_option
@json_option
@unit_argument(required=True)
@click.option("--rollout", metavar="ID", default="", help="Of this rollout; reconciler history shows their ids.")
@click.option("--step", type=click.IntRange(1), help="Of this step only.")
@click.option("--target", metavar="NAME", default="", help="On this target only.")
@duration_option("--since", "since", "Only what was printed in the last DURATION, as 10m.")
@click.option("--follow", "-f", is_flag=True, help="Go on while it is printed, until the rollout ends.")
def command(
    reach: Reach,
    unit: str,
    rollout: str,
    step: int | None,
    target: str,
    since: timedelta | None,
    *,
    follow: bool,
    as_json: bool,
) -> int:
    """Show what programs on targets printed for UNIT (app@environment), step by step.

    Of its newest rollout, or of another with --rollout. With --follow the exit status tells how the rollout ended: 0
    well, 3 it was reverted, 4 it is held or was ended early, 1 its revert failed.
    """
    from reconciler.providers.clock import SystemClock

    begin = SystemClock().now() - since if since else None
    wanted = _Wanted(rollout, None if step is None else step - 1, target, begin)
    return asyncio.run(_show(reach, unit, wanted, _Form(follow=follow, as_json=as_json)))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which rollout, and what of it."""

    rollout: str
    step: int | None
    target: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class _Form:
    """How it is shown."""

    follow: bool
    as_json: bool


async def _show(reach: Reach, unit: str, wanted: _Wanted, form: _Form) -> Exit:
    from reconciler.model.output import Asked

    async with at_desk(reach) as doorway:
        rollout = await _rollout(doorway, unit, wanted.rollout)
        asked = Asked(unit=rollout.unit, rollout=rollout.id, step=wanted.step, target=wanted.target, since=wanted.since)
        if form.follow:
            return await _follow(doorway, rollout, asked, as_json=form.as_json)
        pieces = [each async for each in _kept(doorway, asked)]
        plans = await _plans(doorway, {each.plan for each in pieces})
    _print(rollout, pieces, plans, as_json=form.as_json)
    return Exit.DONE


async def _rollout(doorway: "Doorway", unit: str, wanted: str) -> "Rollout":
    from reconciler.control.named import named

    chosen = named(unit, (await doorway.desk.picture()).standing.units)
    found = await doorway.archive.rollouts(chosen, LOOKED_THROUGH if wanted else 1)
    for each in found:
        if not wanted or each.id == wanted:
            return each
    if wanted:
        raise Failure(f"{chosen} has no rollout {wanted}; reconciler history {chosen} shows their ids")
    raise Failure(f"nothing was rolled out for {chosen} yet, so nothing was printed")


async def _kept(doorway: "Doorway", asked: "Asked") -> "AsyncIterator[Piece]":
    while pieces := await doorway.printed.pieces(asked, READ_AT_ONCE):
        for each in pieces:
            yield each
        asked = replace(asked, after=pieces[-1].number)


async def _plans(doorway: "Doorway", ids: set[str]) -> "dict[str, Plan]":
    found = {}
    for each in sorted(ids):
        try:
            found[each] = await doorway.archive.plan(each)
        except KeyError:
            continue
    return found


def _print(rollout: "Rollout", pieces: "Sequence[Piece]", plans: "dict[str, Plan]", *, as_json: bool) -> None:
    from reconciler.cli import terminal
    from reconciler.cli.render.logs import logs_json, logs_text
    from reconciler.providers.clock import SystemClock

    if as_json:
        terminal.show_json(logs_json(rollout, pieces))
    else:
        terminal.show(logs_text(rollout, pieces, plans, SystemClock().now()))


async def _follow(doorway: "Doorway", rollout: "Rollout", asked: "Asked", *, as_json: bool) -> Exit:
    from reconciler.cli.render.logs import Following

    following = Following()
    while True:
        pieces = [each async for each in _kept(doorway, asked)]
        if pieces:
            asked = replace(asked, after=pieces[-1].number)
        if as_json:
            _tell_json(pieces)
        else:
            following.plans |= await _plans(doorway, {each.plan for each in pieces} - following.plans.keys())
            _tell(following.lines(pieces))
        if rollout.ended:
            break
        # What was printed before the end is there a moment after it, so it is read once more then.
        rollout = await _rollout(doorway, str(rollout.unit), rollout.id)
        await asyncio.sleep(LOOKS)
    if not as_json:
        _tell(following.end(rollout))
    return _status(rollout)


def _tell(lines: "Sequence[Text]") -> None:
    from rich.text import Text

    from reconciler.cli import terminal

    if lines:
        terminal.show(Text("\n").join(lines))


def _tell_json(pieces: "Sequence[Piece]") -> None:
    """A line each, so that a program can read them as they come."""
    from reconciler.cli.render.logs import piece_json

    for each in pieces:
        click.echo(json.dumps(piece_json(each)))


def _status(rollout: "Rollout") -> Exit:
    from reconciler.model.rollout import State

    match rollout.state:
        case State.REVERT_FAILED:
            return Exit.ERROR
        case State.REVERTED:
            return Exit.REVERTED
        case State.HELD | State.ABORTED:
            return Exit.HELD
        case _:
            return Exit.DONE
