"""Tokens are told once, kept as a digest, end by themselves, and are never good for more than what made them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.control.asked import Asked
from reconciler.control.tokens import AT_MOST, issue, revoke
from reconciler.model.access import NO_LIMIT, Action, Identity, Login, Match, Scope
from reconciler.model.asking import Forbidden, IssueToken, Refused, RevokeToken
from reconciler.model.record import Picture
from reconciler.model.standing import Standing
from reconciler.model.word import TokenIssued, TokenRevoked, Word
from reconciler.policy.token_text import digest, matches, token_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA = Asked(who=Identity(name="ada", login=Login.LOCAL, owner=True), at=NOW, id="01ABC", secret=bytes(range(32)))
CI = IssueToken(name="ci-shop", duration=timedelta(days=90), groups=("ci",))


def picture(*words: Word) -> Picture:
    return Picture(standing=Standing(words=words), accepted=None, refused=None, refused_at=None, now=NOW)


def issued(token: str = "01OLD", until: datetime | None = None) -> TokenIssued:
    return TokenIssued(id=token, name="old", digest="0" * 64, author="ada", at=NOW, until=until)


def with_scope(scope: Scope) -> Asked:
    return replace(ADA, who=replace(ADA.who, scope=scope))


def test_a_token_is_said_once_and_kept_as_its_digest() -> None:
    ruling = issue(CI, picture(), ADA)
    (event,) = ruling.events
    assert isinstance(event, TokenIssued)
    assert (event.name, event.groups, event.author, event.until) == ("ci-shop", ("ci",), "ada", NOW + CI.duration)
    assert token_id(ruling.secret) == event.id == "01ABC"
    assert matches(ruling.secret, event.digest)
    assert ruling.said == "The token 01ABC is made for ci-shop; it is good until 2027-02-19 12:00Z, and shown only now."


def test_the_token_is_in_no_event_no_text_and_no_repr() -> None:
    ruling = issue(CI, picture(), ADA)
    secret = ruling.secret.rpartition("_")[2]
    assert secret not in f"{ruling!r} {ruling.said} {ruling.events} {ADA!r}"


def test_a_token_without_an_end_says_so() -> None:
    ruling = issue(replace(CI, duration=None), picture(), ADA)
    assert "good until somebody revokes it" in ruling.said


def test_two_tokens_of_the_same_chance_but_another_id_are_not_the_same() -> None:
    one, other = (issue(CI, picture(), replace(ADA, id=each)) for each in ("01A", "01B"))
    assert digest(one.secret) != digest(other.secret)


def test_a_token_without_chance_is_a_bug_and_never_made() -> None:
    with pytest.raises(ValueError, match="internal error"):
        issue(CI, picture(), replace(ADA, secret=b"short"))


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (replace(CI, name=""), "needs a name"),
        (replace(CI, name="a\nb"), "needs a name"),
        (replace(CI, name=" ci"), "needs a name"),
        (replace(CI, name="x" * 201), "needs a name"),
        (replace(CI, groups=("ok", "")), "is no name of a group"),
        (replace(CI, emails=("\u202etxt",)), "is no name of a group"),
        (replace(CI, groups=tuple(map(str, range(101)))), "at most 100"),
        (replace(CI, scope=Scope(match=Match(units=("\t",)))), "fits no unit"),
        (replace(CI, duration=timedelta(0)), "more than 0s"),
        (replace(CI, duration=timedelta(days=-1)), "more than 0s"),
        (replace(CI, duration=timedelta.max), "at most 3653 days"),
    ],
)
def test_what_makes_no_sense_is_refused(request_: IssueToken, says: str) -> None:
    with pytest.raises(Refused, match=says):
        issue(request_, picture(), ADA)


def test_there_are_not_more_tokens_than_can_be_looked_through_but_those_that_ended_do_not_count() -> None:
    good = [issued(f"T{number}") for number in range(AT_MOST - 1)]
    assert issue(CI, picture(*good, issued("ended", NOW)), ADA).secret
    with pytest.raises(Refused, match="revoke those that nobody needs"):
        issue(CI, picture(*good, issued("one more", NOW + timedelta(seconds=1))), ADA)


SHOPS = Match(units=("shop@*",))


@pytest.mark.parametrize(
    ("own", "wanted", "made"),
    [
        (NO_LIMIT, Scope(actions=(Action.SYNC,), match=SHOPS), True),
        (Scope(actions=(Action.TOKENS, Action.SYNC)), Scope(actions=(Action.SYNC,)), True),
        (Scope(actions=(Action.TOKENS, Action.SYNC)), Scope(actions=(Action.SYNC, Action.RETRY)), False),
        (Scope(actions=(Action.TOKENS,)), NO_LIMIT, False),
        (Scope(match=SHOPS), NO_LIMIT, False),
        (Scope(match=SHOPS), Scope(match=SHOPS), True),
        (Scope(match=SHOPS), Scope(match=Match(units=("*",))), False),
    ],
)
def test_a_token_makes_none_that_is_good_for_more(own: Scope, wanted: Scope, made: bool) -> None:
    if made:
        assert issue(replace(CI, scope=wanted), picture(), with_scope(own)).secret
    else:
        with pytest.raises(Forbidden, match="good for more"):
            issue(replace(CI, scope=wanted), picture(), with_scope(own))


@pytest.mark.parametrize(
    ("wanted", "made"),
    [(timedelta(hours=1), True), (timedelta(days=1), True), (timedelta(days=1, seconds=1), False), (None, False)],
)
def test_a_token_that_ends_makes_none_that_is_good_for_longer(wanted: timedelta | None, made: bool) -> None:
    who = replace(ADA, who=replace(ADA.who, owner=False, login=Login.TOKEN, until=NOW + timedelta(days=1)))
    if made:
        assert issue(replace(CI, duration=wanted), picture(), who).secret
    else:
        with pytest.raises(Forbidden, match="good until 2026-11-22 12:00Z: it makes none that is good for longer"):
            issue(replace(CI, duration=wanted), picture(), who)


def test_a_token_is_revoked_by_its_id() -> None:
    ruling = revoke(RevokeToken(id="01OLD"), picture(issued()), ADA)
    assert ruling.events == (TokenRevoked(id="01OLD", author="ada", at=NOW),)
    assert ruling.said == "The token 01OLD of old is no longer good."


def test_a_token_that_is_not_there_cannot_be_revoked() -> None:
    with pytest.raises(Refused, match="there is no token 'rcl'; to see which there are: reconciler token list"):
        revoke(RevokeToken(id="rcl"), picture(issued()), ADA)
