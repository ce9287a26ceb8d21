"""Tokens, for people and as JSON. What they are compared with is shown to nobody."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from reconciler.cli.render.lines import Lines
from reconciler.cli.render.words import ago
from reconciler.control.clean import clean
from reconciler.model.access import Scope
from reconciler.model.canonical import plain
from reconciler.model.word import TokenIssued

FORMAT = "reconciler/tokens/v1"


def tokens_text(tokens: Sequence[TokenIssued], now: datetime, width: int = 80) -> Text:
    """Return the tokens, two lines each, those that have ended too."""
    lines = Lines(width)
    if not tokens:
        lines.prose("There are no tokens.")
    for token in tokens:
        ended = token.until is not None and token.until <= now
        lines.add((clean(token.id), "dim" if ended else "bold"), f"  {clean(token.name)}  ", *_until(token, now))
        told = [*_who(token), *_limits(token.scope), f"made by {token.author} {ago(token.at, now)}"]
        lines.prose(clean("; ".join(told)), indent="    ")
    return lines.text()


def _until(token: TokenIssued, now: datetime) -> Iterator[tuple[str, str]]:
    if token.until is None:
        yield "good until it is revoked", "yellow"
    elif token.until <= now:
        yield f"ended {token.until:%Y-%m-%d %H:%M}Z", "dim"
    else:
        yield f"good until {token.until:%Y-%m-%d %H:%M}Z", "green"


def _who(token: TokenIssued) -> Iterator[str]:
    if token.groups:
        yield f"in {', '.join(token.groups)}"
    if token.emails:
        yield f"also {', '.join(token.emails)}"


def _limits(scope: Scope) -> Iterator[str]:
    if scope.actions is not None:
        yield f"only to {', '.join(scope.actions) or 'do nothing'}"
    match = scope.match
    if match.units:
        yield f"only {', '.join(match.units)}"
    for what, labels in (("environments", match.environments), ("apps", match.apps)):
        if labels:
            yield f"only {what} with {', '.join(f'{key}={value}' for key, value in sorted(labels.items()))}"


def tokens_json(tokens: Sequence[TokenIssued]) -> dict[str, Any]:
    """Return the tokens as a JSON value of format ``reconciler/tokens/v1``; times are RFC 3339."""
    return {"format": FORMAT, "tokens": [_token_json(each) for each in tokens]}


def _token_json(token: TokenIssued) -> dict[str, Any]:
    return {
        "token": token.id,
        "name": token.name,
        "groups": list(token.groups),
        "emails": list(token.emails),
        "scope": plain(token.scope),
        "author": token.author,
        "at": token.at.isoformat(),
        "until": token.until.isoformat() if token.until else None,
    }
