"""How rollouts that were waited for have ended, in one line each."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Exit

if TYPE_CHECKING:
    from reconciler.daemon.settle import Settled
    from reconciler.model.assessment import Review


def tell_ended(settled: "Settled") -> Exit:
    """Print how each rollout ended and what waits; return the exit status that follows."""
    from reconciler.control.clean import clean
    from reconciler.control.phrases import short

    for rollout in sorted(settled.ended, key=lambda each: each.unit):
        because = f": {rollout.reason}" if rollout.reason else ""
        click.echo(clean(f"{rollout.unit} {rollout.version} at {short(rollout.commit)} {rollout.state.value}{because}"))
    for each in settled.review.assessments:
        if each.waiting:
            click.echo(clean(f"{each.unit} waits ({each.waiting.reason.value}): {each.waiting.detail}"))
        for out in each.unseen:
            click.echo(clean(f"{each.unit} could not be seen on {out.target}: {out.reason}"))
    if not settled.ended and not any(each.waiting or each.unseen for each in settled.review.assessments):
        click.echo("Nothing to do: everything is as it shall be.")
    return Exit(settled.exit_status)


def tell_refused(review: "Review", status: Exit) -> Exit:
    """Print why the newest commit is not followed, if it is not; return the status that follows from both."""
    from reconciler.control.clean import clean
    from reconciler.control.phrases import short

    if not review.refused:
        return status
    click.echo(f"A newer commit was refused; the fleet stays at {short(review.commit)}:")
    for problem in review.refused:
        click.echo(f"  {clean(problem)}")
    return status or Exit.HELD
