"""``reconciler token``: tokens by which programs, and people without another way, come to the API."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from reconciler.cli.at_desk import ask_at_large, at_desk, me
from reconciler.cli.errors import Failure
from reconciler.cli.options import Reach, json_option, reach_option

if TYPE_CHECKING:
    from reconciler.model.word import TokenIssued

NEVER = "never"


@click.group()
def command() -> None:
    """Make, list and revoke tokens for the API.

    What a token may do is bound to its name and groups in Git (RoleBinding:
    user:NAME, group:NAME), and may be limited further when it is made.
    """


def _expires(_: click.Context, option: click.Parameter, text: str) -> timedelta | None:
    from reconciler.model.duration import parse_duration

    if text == NEVER:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}, or never", param=option) from error


def _actions(_: click.Context, option: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
    from reconciler.model.access import Action

    known = [action.value for action in Action]
    if wrong := [word for word in words if word not in known]:
        raise click.BadParameter(f"{wrong[0]!r} is no action; expected {', '.join(known)}", param=option)
    return words


@command.command("make", short_help="Make a token and print it once.")
@reach_option
@click.option(
    "--expires",
    "duration",
    default="90d",
    show_default=True,
    metavar="DURATION",
    callback=_expires,
    help="How long it is good, or never.",
)
@click.option("--group", "groups", multiple=True, metavar="NAME", help="A group it is in. Repeatable.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="An address of whose it is. Repeatable.")
@click.option(
    "--action",
    "actions",
    multiple=True,
    metavar="ACTION",
    callback=_actions,
    help="It is good for this only, for example sync. Repeatable.",
)
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="GLOB",
    help="It is good for these units only, for example 'shop@*'. Repeatable.",
)
@click.argument("name", metavar="NAME")
def make(
    reach: Reach,
    duration: timedelta | None,
    groups: tuple[str, ...],
    emails: tuple[str, ...],
    actions: tuple[str, ...],
    units: tuple[str, ...],
    name: str,
) -> None:
    """Make a token for NAME and print it once.

    Nobody can read it again: put it where secrets are kept, for example by
    reconciler token make ci-shop --action sync > token.txt.
    """
    from reconciler.model.access import Action, Match, Scope
    from reconciler.model.asking import IssueToken

    scope = Scope(actions=tuple(map(Action, actions)) or None, match=Match(units=units))
    request = IssueToken(name=name, duration=duration, groups=groups, emails=emails, scope=scope)
    ruling = asyncio.run(ask_at_large(reach, request))
    # Only the token goes to standard output, so that it can be piped to where secrets are kept.
    click.echo(ruling.said, err=True)
    click.echo(ruling.secret)


@command.command("list", short_help="Show the tokens and their limits.")
@reach_option
@json_option
def show(reach: Reach, *, as_json: bool) -> None:
    """Show the tokens that are not revoked, and their limits."""
    from reconciler.cli import terminal
    from reconciler.cli.render.tokens import tokens_json, tokens_text
    from reconciler.providers.clock import SystemClock

    tokens = asyncio.run(_tokens(reach))
    if as_json:
        terminal.show_json(tokens_json(tokens))
    else:
        terminal.show(tokens_text(tokens, SystemClock().now(), terminal.width()))


@command.command("revoke", short_help="End a token at once.")
@reach_option
@click.argument("token", metavar="ID")
def revoke(reach: Reach, token: str) -> None:
    """End the token of that ID at once; token list shows the ids."""
    from reconciler.model.asking import RevokeToken

    click.echo(asyncio.run(ask_at_large(reach, RevokeToken(id=token))).said)


async def _tokens(reach: Reach) -> "Sequence[TokenIssued]":
    from reconciler.model.access import Action
    from reconciler.model.word import TokenIssued

    async with at_desk(reach) as doorway:
        if not await doorway.desk.may(me(), Action.TOKENS, None):
            raise Failure("tokens are shown to who may make them: it needs the action tokens on everything")
        words = (await doorway.desk.picture()).standing.words
    return [each for each in words if isinstance(each, TokenIssued)]
