"""``reconciler plan``: what would be done, for a person to review before anything happens."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import reviewing
from reconciler.cli.errors import Exit, Failure
from reconciler.cli.options import Reach, reach_option

if TYPE_CHECKING:
    from reconciler.model.assessment import Review


@click.command()
@reach_option
@click.option("--commit", metavar="REV", help="Plan this commit, branch or tag instead of the newest commit.")
@click.option("--unit", metavar="APP@ENVIRONMENT", help="Show this unit only.")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the plan for apply."
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 2 when there are changes, 4 when there are none but not all could be seen.",
)
def command(
    reach: Reach, commit: str | None, unit: str | None, form: str, out: Path | None, *, detailed_exitcode: bool
) -> Exit:
    """Show what would be done, without doing it.

    Reads the newest commit, looks at every target, and prints each change with
    its reason. Nothing is changed, on no target and not in the journal.
    """
    from reconciler.cli.plan_file import write_plan
    from reconciler.cli.render.outline import has_changes

    review = asyncio.run(_review(reach, commit))
    if unit:
        review = only(review, unit)
    _print(review, form)
    if out:
        write_plan(review, out)
        click.echo(f"Written to {out}. To carry it out: reconciler apply {out}", err=True)
    if not detailed_exitcode:
        return Exit.DONE
    if has_changes(review):
        return Exit.PENDING
    # Nothing to do is something else than nothing to be seen.
    return Exit.HELD if any(each.unseen for each in review.assessments) else Exit.DONE


async def _review(reach: Reach, commit: str | None) -> "Review":
    if commit and not reach.server:
        # By a commit that nobody follows the daemon does not look; whoever has its rights may, with their own.
        from reconciler.daemon.settings import Settings
        from reconciler.daemon.wiring import looking

        async with looking(Settings.load(reach.config)) as look:
            return await look.review(commit)
    async with reviewing(reach) as there:
        return await there.review(commit)


def only(review: "Review", unit: str) -> "Review":
    """Return the review of one unit; raise Failure, with the nearest name, when there is none of that name."""
    import difflib
    from dataclasses import replace

    chosen = tuple(each for each in review.assessments if str(each.unit) == unit)
    if not chosen:
        names = [str(each.unit) for each in review.assessments]
        near = difflib.get_close_matches(unit, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names) or 'none'}"
        raise Failure(f"there is no unit {unit}; {hint}")
    return replace(review, assessments=chosen)


def _print(review: "Review", form: str) -> None:
    if form == "json":
        import json

        from reconciler.cli.render.review_json import review_json

        click.echo(json.dumps(review_json(review), indent=2, ensure_ascii=False))
    elif form == "markdown":
        from reconciler.cli.render.review_markdown import review_markdown

        click.echo(review_markdown(review), nl=False)
    else:
        from reconciler.cli import terminal
        from reconciler.cli.render.review_text import review_text

        terminal.show(review_text(review, terminal.width()))
