"""``reconciler apply``: carry out a plan that a person has reviewed, and nothing else."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import at_desk, author, me, reviewing
from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import Reach, reach_option

if TYPE_CHECKING:
    from reconciler.daemon.settings import Settings
    from reconciler.daemon.settle import Settled
    from reconciler.model.assessment import Review
    from reconciler.model.identity import UnitId


@click.command()
@reach_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(reach: Reach, file: Path) -> Exit:
    """Carry out the plan in FILE, written by: reconciler plan --out FILE.

    Refuses when Git or the targets are no longer as they were then. Waits until
    it has ended; a failure is taken back as policy says. While the daemon runs
    the plan is handed to it, and not waited for. Exit status: 0 done or handed
    over, 3 reverted, 4 held or waiting, 1 error.
    """
    from reconciler.cli.plan_file import read_plan
    from reconciler.daemon.logs import set_up
    from reconciler.daemon.settings import Settings

    _, plans = read_plan(file)
    if not plans:
        click.echo("The plan has nothing to do.")
        return Exit.DONE
    if reach.server:
        return _handed(reach, plans)
    settings = Settings.load(reach.config)
    set_up(settings.log)
    return _apply(settings, plans, reach)


def _apply(settings: "Settings", plans: Mapping[str, str], reach: Reach) -> Exit:
    from reconciler.cli.ended import tell_ended
    from reconciler.daemon.exclusive import AlreadyRunning

    try:
        return tell_ended(asyncio.run(_carry_out(settings, plans)))
    except AlreadyRunning:
        return _handed(reach, plans)


def _handed(reach: Reach, plans: Mapping[str, str]) -> Exit:
    asyncio.run(_hand_over(reach, plans))
    click.echo("Handed to the daemon, which carries it out now. To follow it: reconciler status")
    return Exit.DONE


async def _carry_out(settings: "Settings", plans: Mapping[str, str]) -> "Settled":
    from reconciler.daemon.by_hand import apply
    from reconciler.daemon.wiring import acting

    async with acting(settings) as parts:
        await parts.world.commits.refresh()
        return await apply(parts.world, parts.hands, parts.wake, lambda review: refuse_stale(review, plans), author())


async def _hand_over(reach: Reach, plans: Mapping[str, str]) -> None:
    from reconciler.model.asking import ApplyPlan

    async with reviewing(reach) as looking:
        wanted = refuse_stale(await looking.review(None), plans)
    async with at_desk(reach) as doorway:
        for unit, plan in wanted.items():
            await doorway.desk.decide(ApplyPlan(unit=unit, plan=plan), me())


def refuse_stale(review: "Review", plans: Mapping[str, str]) -> "Mapping[UnitId, str]":
    """Return the plans by unit; raise Failure when one that was reviewed is not what would be done now."""
    from reconciler.control.clean import clean

    now = {str(each.unit): each for each in review.assessments}
    for unit, plan in plans.items():
        found = now[unit].plan if unit in now else None
        if found is None or found.id != plan:
            waiting = now[unit].waiting if unit in now and found is None else None
            why = "there is nothing to do any more" if found is None else "Git or the targets have changed"
            why = clean(waiting.detail) if waiting else why
            raise Failure(
                f"the plan for {unit} is stale: {why}. Nothing was changed.\n"
                "Review it again: reconciler plan --out FILE"
            )
    return {now[unit].unit: plan for unit, plan in plans.items()}
