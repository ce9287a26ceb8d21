"""``reconciler accept COMMIT``: a person lets a rewritten branch be followed."""

import asyncio

import click

from reconciler.cli.at_desk import ask_at_large
from reconciler.cli.options import Reach, reach_option, reason_option


@click.command()
@reach_option
@reason_option(required=True)
@click.argument("commit", metavar="COMMIT")
def command(reach: Reach, reason: str, commit: str) -> None:
    """Follow the branch from COMMIT on, though it was rewritten.

    COMMIT is the one that status says is held, or the first letters of its id.
    """
    from reconciler.model.asking import AcceptRewrite

    click.echo(asyncio.run(ask_at_large(reach, AcceptRewrite(commit=commit, reason=reason))).said)
