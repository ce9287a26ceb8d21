"""``reconciler promote UNIT``: a person does not want a rollout to wait any longer."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.options import config_option, reason_option, unit_argument


@click.command()
@config_option
@reason_option(required=False)
@click.option(
    "--full",
    is_flag=True,
    help="End every wait to come; yours is one approval. Health is checked, and approvals of others are needed.",
)
@unit_argument(required=True)
def command(config: Path | None, reason: str, unit: str, *, full: bool) -> None:
    """Let the rollout of UNIT (app@environment) go on: end the wait it is in.

    Ends a pause, an analysis that is unclear or not done, or the wait for
    just this. An approval is given with approve.
    """
    click.echo(asyncio.run(_promote_fully(config, unit, reason) if full else _promote(config, unit, reason)))


async def _promote(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.in_hand import find_in_hand, refuse_unless_running, refuse_unless_waiting
    from reconciler.model.rollout import Decided
    from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake

    found = await find_in_hand(config, text, "promote")
    refuse_unless_running(found, "promote")
    hint = f"reconciler promote --full {found.unit} skips every wait to come"
    if isinstance(found.step, AwaitApproval):
        hint = f"it waits for an approval: reconciler approve {found.unit}"
    refuse_unless_waiting(found, (Bake, Analyse, AwaitPromotion), hint)
    await found.say(Decided.PROMOTE, reason)
    return f"Promoted {found.unit} at {found.where}; it goes on now."


async def _promote_fully(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.in_hand import find_in_hand, refuse_unless_running
    from reconciler.model.rollout import Decided

    found = await find_in_hand(config, text, "promote")
    refuse_unless_running(found, "promote")
    await found.say(Decided.PROMOTE_FULLY, reason)
    return (
        f"Promoted {found.unit} to the end, from {found.where} on; only health and approvals of others are waited for."
    )
