"""``reconciler abort UNIT``: a person ends a rollout."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, reason_option, unit_argument


@click.command()
@config_option
@reason_option(required=False)
@click.option("--leave", is_flag=True, help="Leave every target as it is now instead of going back.")
@unit_argument(required=True)
def command(config: Path | None, reason: str, unit: str, *, leave: bool) -> None:
    """End the rollout of UNIT (app@environment), and take it back.

    Ends at the next step; a transaction on a host is never cut. What Git says
    is not tried again before a new commit, or retry.
    """
    click.echo(asyncio.run(_leave(config, unit, reason) if leave else _take_back(config, unit, reason)))


async def _take_back(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.in_hand import find_in_hand
    from reconciler.cli.journal import author, decide
    from reconciler.model.event import AbortRequested
    from reconciler.policy.holding import REVERTING

    found = await find_in_hand(config, text, "abort")
    if found.rollout.state in REVERTING:
        raise Failure(
            f"{found.unit} is being taken back already; to end that too and leave everything as it is: "
            f"reconciler abort --leave {found.unit}"
        )
    event = AbortRequested(unit=found.unit, rollout=found.rollout.id, author=author(), reason=reason)
    await decide(found.settings, [event])
    good = found.picture.standing.of(found.unit).last_good
    to = f" to {good.unit.named}" if good else " as far as that goes; no good state is known"
    return f"Aborted {found.unit} at {found.where}; it goes back{to}. To follow it: reconciler explain {found.unit}"


async def _leave(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.in_hand import find_in_hand
    from reconciler.cli.journal import author, decide
    from reconciler.model.event import AbortRequested

    found = await find_in_hand(config, text, "abort")
    event = AbortRequested(unit=found.unit, rollout=found.rollout.id, author=author(), reason=reason, leave=True)
    await decide(found.settings, [event])
    return (
        f"Aborted {found.unit} at {found.where}; every target is left as it is then. "
        f"To go on: a new commit, or reconciler retry {found.unit}"
    )
