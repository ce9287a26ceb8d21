"""The pure parts: rate limits, bodies made from requests, cursors."""

import dataclasses
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from reconciler.api.bodies import body_of, request_of
from reconciler.api.bucket import REMEMBERED, Buckets
from reconciler.api.cursor import cursor_of, position
from reconciler.api.decisions import OF_ALL, OF_ENVIRONMENTS, OF_UNITS
from reconciler.model import asking
from reconciler.model.access import Action, Match, Scope
from reconciler.model.governance import GateKind
from tests.factory import NOW, SHOP


@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(-5, 5), max_size=100),
)
def test_nobody_gets_more_than_the_burst_and_what_the_rate_gives(rate: float, burst: int, gaps: list[float]) -> None:
    buckets, at, got = Buckets(rate, burst), NOW, 0
    forward = 0.0
    for gap in gaps:
        at += timedelta(seconds=gap)
        forward += max(0.0, gap)
        got += buckets.take("anna", at) is None
    assert got <= burst + forward * rate + 1e-6


@given(rate=st.floats(0.1, 1000), burst=st.integers(1, 5))
def test_whoever_waits_as_long_as_they_are_told_gets_in(rate: float, burst: int) -> None:
    buckets = Buckets(rate, burst)
    while (wait := buckets.take("anna", NOW)) is None:
        pass
    assert buckets.take("anna", NOW + wait + timedelta(microseconds=2)) is None


def test_callers_are_remembered_only_so_many() -> None:
    buckets = Buckets(1, 1)
    for number in range(REMEMBERED + 10):
        assert buckets.take(f"caller {number}", NOW) is None
    assert buckets.take("caller 0", NOW) is None
    assert buckets.take(f"caller {REMEMBERED + 9}", NOW) is not None


def test_everything_that_may_be_asked_for_has_a_route() -> None:
    assert {*OF_UNITS, *OF_ALL.values(), *OF_ENVIRONMENTS, asking.RevokeToken} == set(get_args(asking.Request))


@pytest.mark.parametrize("kind", get_args(asking.Request), ids=lambda kind: kind.__name__)
def test_a_body_has_the_fields_of_its_request_and_no_other(kind: type[asking.Request]) -> None:
    expected = {each.name for each in dataclasses.fields(kind)} - {"verb", "unit"}
    assert set(body_of(kind, ("unit",)).model_fields) == expected


_BODIES = [
    (
        asking.Waive,
        {"gates": ["approval", "window"], "reason": "a fire", "duration": "1h30m"},
        asking.Waive(
            unit=SHOP,
            gates=(GateKind.APPROVAL, GateKind.WINDOW),
            reason="a fire",
            duration=timedelta(minutes=90),
        ),
    ),
    (asking.Waive, {"gates": ["lock"], "reason": "x"}, asking.Waive(unit=SHOP, gates=(GateKind.LOCK,), reason="x")),
    (asking.GoBack, {"to": "1.4.1", "force": True}, asking.GoBack(unit=SHOP, to="1.4.1", force=True)),
    (asking.GoBack, {}, asking.GoBack(unit=SHOP)),
]


@pytest.mark.parametrize(("kind", "sent", "wanted"), _BODIES)
def test_a_body_becomes_its_request(kind: type[asking.Request], sent: object, wanted: asking.Request) -> None:
    body = body_of(kind, ("unit",)).model_validate(sent)
    assert request_of(kind, body, {"unit": SHOP}) == wanted


def test_the_scope_of_a_token_is_read_whole() -> None:
    sent = {
        "name": "ci",
        "duration": None,
        "groups": ["builders"],
        "scope": {"actions": ["sync", "read"], "match": {"environments": {"tier": "test"}, "units": ["shop@*"]}},
    }
    body = body_of(asking.IssueToken, ()).model_validate(sent)
    assert request_of(asking.IssueToken, body, {}) == asking.IssueToken(
        name="ci",
        duration=None,
        groups=("builders",),
        scope=Scope(actions=(Action.SYNC, Action.READ), match=Match(environments={"tier": "test"}, units=("shop@*",))),
    )


@pytest.mark.parametrize(
    "sent",
    [
        {"to": "anna", "duration": 3600},
        {"to": "anna", "duration": "soon"},
        {"to": "anna", "duration": "20000d"},
        {"to": "anna"},
        {"to": "a" * 3000, "duration": "1h"},
        {"to": "anna\x1b[2J", "duration": "1h"},
        {"to": 7, "duration": "1h"},
        {"to": "anna", "duration": "1h", "verb": "unlock"},
    ],
)
def test_a_body_that_is_wrong_is_no_request(sent: object) -> None:
    with pytest.raises(ValidationError):
        body_of(asking.Delegate, ()).model_validate(sent)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_cursor_leads_back_to_its_place(name: str) -> None:
    assert position(cursor_of(name)) == name


@pytest.mark.parametrize("text", ["%%%", "a", "ä", "/w==", "_w", "c2hvcA==="])
def test_what_is_no_cursor_is_told(text: str) -> None:
    with pytest.raises(HTTPException, match="not one of ours"):
        position(text)
