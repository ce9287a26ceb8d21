"""``reconciler delegate NAME``: a person lets somebody approve in their place."""

import asyncio
from datetime import timedelta

import click

from reconciler.cli.at_desk import ask_at_large
from reconciler.cli.options import Reach, duration_option, reach_option, reason_option


@click.command()
@reach_option
@reason_option(required=False)
@duration_option("--for", "duration", "How long, for example 8h; at most 30 days.")
@click.option("--end", is_flag=True, help="End it now.")
@click.argument("name", metavar="NAME")
def command(reach: Reach, reason: str, duration: timedelta | None, name: str, *, end: bool) -> None:
    """Let NAME approve in your place, with your roles, for so long.

    Who stands in for you cannot pass it on; what you wrote yourself they do
    not approve in your place.
    """
    from reconciler.model.asking import Delegate

    if end == (duration is not None):
        raise click.UsageError("say for how long (--for 8h), or --end")
    request = Delegate(to=name, duration=duration or timedelta(0), reason=reason)
    click.echo(asyncio.run(ask_at_large(reach, request)).said)
