"""``reconciler rollback UNIT``: a person goes back to an earlier state, and holds the unit there."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import at_desk, me
from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import Reach, reach_option, reason_option, unit_argument

if TYPE_CHECKING:
    from reconciler.model.asking import GoBack
    from reconciler.model.identity import UnitId
    from reconciler.ports.desk import WayBack


@click.command()
@reach_option
@reason_option(required=False)
@click.option("--to", metavar="VERSION|COMMIT", help="Which state. Default: the one before the present.")
@click.option("--dry-run", is_flag=True, help="Say whether it can be done and what would happen; decide nothing.")
@click.option("--force", is_flag=True, help="Also from a version that the App calls irreversible.")
@unit_argument(required=True)
def command(reach: Reach, unit: str, to: str | None, reason: str, *, dry_run: bool, force: bool) -> Exit:
    """Take UNIT (app@environment) back to a state that was good, and hold it there.

    First it is found out whether that can be done: the state and its contents
    are stored, its archives can be had, the targets are reached. New commits
    wait until release. Exit status: 0 decided, or can be done; 1 cannot.
    """
    from reconciler.model.asking import GoBack

    return asyncio.run(
        _go_back(reach, unit, lambda found: GoBack(unit=found, to=to, reason=reason, force=force), dry_run=dry_run)
    )


async def _go_back(reach: Reach, text: str, wish: "Callable[[UnitId], GoBack]", *, dry_run: bool) -> Exit:
    from reconciler.control.named import named

    async with at_desk(reach) as doorway:
        request = wish(named(text, (await doorway.desk.picture()).standing.units))
        _tell(await doorway.outlook.way_back(request, me()))
        if dry_run:
            click.echo("It can be done. Nothing was decided: leave --dry-run out to do it.")
            return Exit.DONE
        click.echo((await doorway.desk.decide(request, me())).said)
    return Exit.DONE


def _tell(way: "WayBack") -> None:
    """Print what would happen; Failure when it cannot."""
    from reconciler.cli import terminal
    from reconciler.cli.render.review_text import review_text
    from reconciler.model.assessment import Review
    from reconciler.model.waiting import Reason

    found, at = way.found, way.at
    click.echo(f"{way.pinned.unit} back to {way.pinned.named}, which was good at {at.at:%Y-%m-%d %H:%M} UTC")
    if found.effective and found.unseen and len(found.unseen) >= len(found.effective.targets):
        raise Failure(f"it cannot be done now: no target can be reached: {found.unseen[0].reason}")
    terminal.show(review_text(Review(commit=found.wanted.commit if found.wanted else "", assessments=(found,))))
    if found.plan is None and (found.waiting is None or found.waiting.reason is not Reason.HELD):
        raise Failure(f"it cannot be done now: {found.waiting.detail if found.waiting else 'there is nothing to do'}")
    if way.away:
        raise Failure("\n".join(("it cannot be done now: an archive cannot be had", *way.away)))
