"""``reconciler apply``: carry out a plan that a person has reviewed, and nothing else."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import config_option

if TYPE_CHECKING:
    from reconciler.daemon.settings import Settings
    from reconciler.daemon.settle import Settled
    from reconciler.model.assessment import Review


@click.command()
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(config: Path | None, file: Path) -> Exit:
    """Carry out the plan in FILE, written by: reconciler plan --out FILE.

    Refuses when Git or the hosts are no longer as they were then. Waits until
    it has ended; a failure is taken back as policy says. Exit status: 0 done,
    3 reverted, 4 held or waiting, 1 error.
    """
    from reconciler.cli.ended import tell_ended
    from reconciler.cli.plan_file import read_plan
    from reconciler.daemon.logs import set_up
    from reconciler.daemon.settings import Settings

    settings = Settings.load(config)
    set_up(settings.log)
    _, plans = read_plan(file)
    if not plans:
        click.echo("The plan has nothing to do.")
        return Exit.DONE
    settled = asyncio.run(_apply(settings, plans))
    return tell_ended(settled)


async def _apply(settings: "Settings", plans: Mapping[str, str]) -> "Settled":
    from reconciler.daemon.by_hand import apply
    from reconciler.daemon.wiring import acting

    async with acting(settings) as parts:
        await parts.world.commits.refresh()
        return await apply(parts.world, parts.hands, parts.wake, lambda review: refuse_stale(review, plans))


def refuse_stale(review: "Review", plans: Mapping[str, str]) -> frozenset[str]:
    """Return the units of the plans; raise Failure when one that was reviewed is not what would be done now."""
    now = {str(each.unit): each.plan.id for each in review.assessments if each.plan}
    for unit, plan in plans.items():
        if now.get(unit) != plan:
            found = "there is nothing to do any more" if unit not in now else "Git or the hosts have changed"
            raise Failure(
                f"the plan for {unit} is stale: {found}. Nothing was changed.\n"
                "Review it again: reconciler plan --out FILE"
            )
    return frozenset(plans)
