"""``reconciler reject UNIT``: a person says no where a rollout waits; it has failed then."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.options import config_option, reason_option, unit_argument


@click.command()
@config_option
@reason_option(required=True)
@unit_argument(required=True)
def command(config: Path | None, reason: str, unit: str) -> None:
    """Reject what the rollout of UNIT (app@environment) waits with.

    The step in hand fails, and policy says what follows (onFailure): mostly
    the unit is taken back. A step that does not wait is ended with abort.
    """
    click.echo(asyncio.run(_reject(config, unit, reason)))


async def _reject(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.in_hand import find_in_hand, refuse_unless_running, refuse_unless_waiting
    from reconciler.control.steps import on_failure
    from reconciler.model.rollout import Decided
    from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook

    found = await find_in_hand(config, text, "reject")
    refuse_unless_running(found, "reject")
    hint = f"to end it: reconciler abort {found.unit}"
    refuse_unless_waiting(found, (Bake, Analyse, AwaitPromotion, AwaitApproval, CallHook), hint)
    await found.say(Decided.REJECT, reason)
    return f"Rejected {found.unit} at {found.where}. What follows: {on_failure(found.plan).partition(';')[0]}."
