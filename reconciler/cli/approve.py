"""``reconciler approve UNIT``: a person says yes where a rollout asks people."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, reason_option, unit_argument

if TYPE_CHECKING:
    from reconciler.model.rollout import Decision


@click.command()
@config_option
@reason_option(required=False)
@unit_argument(required=True)
def command(config: Path | None, reason: str, unit: str) -> None:
    """Approve the step at which the rollout of UNIT (app@environment) waits."""
    click.echo(asyncio.run(_approve(config, unit, reason)))


async def _approve(config: Path | None, text: str, reason: str) -> str:
    from reconciler.cli.in_hand import find_in_hand, refuse_unless_running
    from reconciler.cli.journal import author
    from reconciler.control.phrases import listed
    from reconciler.model.rollout import Decided
    from reconciler.model.step import AwaitApproval

    found = await find_in_hand(config, text, "approve")
    refuse_unless_running(found, "approve")
    step = found.step
    if not isinstance(step, AwaitApproval):
        raise Failure(
            f"{found.unit} is at {found.where}, which waits for no approval; to end a wait: "
            f"reconciler promote {found.unit}"
        )
    me = author()
    if step.approvers and me not in step.approvers:
        raise Failure(f"approvals of {listed(step.approvers, 8)} count here; you are {me}")
    said = found.picture.standing.of(found.unit).decisions
    here = (found.rollout.plan, found.rollout.cursor)
    given = {each.author for each in said if _counts(each, here)}
    if me in given:
        raise Failure(f"you ({me}) have approved this step already; it needs {step.count} different people")
    await found.say(Decided.APPROVE, reason)
    missing = step.count - len({*given, me})
    more = f"; {missing} more of other people {'is' if missing == 1 else 'are'} needed" if missing > 0 else ""
    return f"Approved {found.unit} at {found.where}{more or '; it goes on now'}."


def _counts(said: "Decision", here: tuple[str, int]) -> bool:
    """Whether it is an approval of this step; who promotes to the end has approved all that comes."""
    from reconciler.model.rollout import Decided

    plan, index = here
    fully = said.decided is Decided.PROMOTE_FULLY and said.index <= index
    return said.plan == plan and (fully or (said.decided is Decided.APPROVE and said.index == index))
