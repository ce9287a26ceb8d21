"""``reconciler accept COMMIT``: a person lets a rewritten branch be followed."""

import asyncio
from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option, reason_option

MIN_LETTERS = 7
"""How much of the id a person has to write, so that it is this commit that was meant."""


@click.command()
@config_option
@reason_option(required=True)
@click.argument("commit", metavar="COMMIT")
def command(config: Path | None, reason: str, commit: str) -> None:
    """Follow the branch from COMMIT on, though it was rewritten.

    COMMIT is the one that status says is held, or the first letters of its id.
    """
    click.echo(asyncio.run(_accept(config, commit, reason)))


async def _accept(config: Path | None, commit: str, reason: str) -> str:
    from reconciler.cli.journal import author, decide, picture, reading
    from reconciler.control.phrases import short
    from reconciler.daemon.settings import Settings
    from reconciler.model.event import Refusal, RewriteAccepted

    settings = Settings.load(config)
    async with reading(settings) as store:
        refused = (await picture(store, settings.state_dir)).refused
    if refused is None or refused.why is not Refusal.REWRITTEN:
        raise Failure("no rewritten branch is held; there is nothing to accept")
    if len(commit) < MIN_LETTERS or not refused.commit.startswith(commit.lower()):
        raise Failure(f"the commit that is held is {refused.commit}, not {commit}; look at it before you accept it")
    await decide(settings, [RewriteAccepted(commit=refused.commit, author=author(), reason=reason)])
    return f"The branch is followed from {short(refused.commit)} on."
