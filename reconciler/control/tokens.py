"""Making and revoking tokens. Pure: the id and the secret of a new one come with who asks."""

from datetime import datetime, timedelta

from reconciler.control.asked import Asked
from reconciler.model.access import EVERYTHING, Scope
from reconciler.model.asking import Forbidden, IssueToken, Refused, RevokeToken, Ruling
from reconciler.model.record import Picture
from reconciler.model.word import TokenIssued, TokenRevoked
from reconciler.policy.names import is_name
from reconciler.policy.token_text import digest, token_text

LONGEST = timedelta(days=3653)
"""A token that is to be good for longer than ten years says so: it does not end by itself."""

AT_MOST = 1000
"""So many tokens may be good at once: each request that brings one looks through them."""

_FEW = 100


def issue(request: IssueToken, picture: Picture, asked: Asked) -> Ruling:
    """Make a token. It is told once, and only its digest is written down; raises Refused, Forbidden."""
    _check(request)
    if sum(_good(each, asked.at) for each in _issued(picture)) >= AT_MOST:
        raise Refused(f"there are {AT_MOST} tokens already; revoke those that nobody needs: reconciler token list")
    if not _no_wider(request.scope, asked.who.scope):
        raise Forbidden(f"{asked.author} came with a token that is limited: it makes none that is good for more")
    until = asked.at + request.duration if request.duration else None
    if asked.who.until and (until is None or until > asked.who.until):
        raise Forbidden(
            f"{asked.author} came with a token that is good until {_minute(asked.who.until)}: "
            "it makes none that is good for longer"
        )
    text = token_text(asked.id, asked.secret)
    event = TokenIssued(
        id=asked.id,
        name=request.name,
        digest=digest(text),
        author=asked.author,
        at=asked.at,
        until=until,
        groups=tuple(dict.fromkeys(request.groups)),
        emails=tuple(dict.fromkeys(request.emails)),
        scope=request.scope,
    )
    end = _minute(until) if until else "somebody revokes it"
    said = f"The token {event.id} is made for {event.name}; it is good until {end}, and shown only now."
    return Ruling(events=(event,), said=said, secret=text)


def revoke(request: RevokeToken, picture: Picture, asked: Asked) -> Ruling:
    """End a token; raises Refused when there is none with that id."""
    found = next((each for each in _issued(picture) if each.id == request.id), None)
    if found is None:
        raise Refused(f"there is no token {request.id[:64]!r}; to see which there are: reconciler token list")
    event = TokenRevoked(id=found.id, author=asked.author, at=asked.at)
    return Ruling(events=(event,), said=f"The token {found.id} of {found.name} is no longer good.")


def _issued(picture: Picture) -> tuple[TokenIssued, ...]:
    return tuple(each for each in picture.standing.words if isinstance(each, TokenIssued))


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"


def _good(token: TokenIssued, at: datetime) -> bool:
    return token.until is None or at < token.until


def _check(request: IssueToken) -> None:
    if not is_name(request.name):
        raise Refused("a token needs a name of 1 to 200 visible characters: who uses it, for example ci-shop")
    if wrong := [each for each in (*request.groups, *request.emails) if not is_name(each)]:
        raise Refused(f"{wrong[0][:_FEW]!r} is no name of a group and no e-mail address")
    globs = request.scope.match.units
    if len(request.groups) + len(request.emails) + len(globs) > _FEW:
        raise Refused(f"a token has at most {_FEW} groups, e-mail addresses and globs of units")
    if wrong := [each for each in globs if not is_name(each)]:
        raise Refused(f"{wrong[0][:_FEW]!r} fits no unit; write app@environment, with * where it may differ")
    duration = request.duration
    if duration is not None and not timedelta(0) < duration <= LONGEST:
        raise Refused(f"a token is good for more than 0s and at most {LONGEST.days} days, or until it is revoked")


def _no_wider(wanted: Scope, own: Scope) -> bool:
    """Whether the new token is good for no more than the one that makes it."""
    actions = own.actions is None or (wanted.actions is not None and set(wanted.actions) <= set(own.actions))
    return actions and (own.match in (EVERYTHING, wanted.match))
