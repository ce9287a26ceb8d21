"""What a daemon tells a command line elsewhere is what it has here: every value comes back as it went."""

from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.sent import go_back_sent, request_sent
from reconciler.model.asking import Approve, GoBack, IssueToken, Request, Waive
from reconciler.model.assessment import Assessment, Review
from reconciler.model.event import Pinned
from reconciler.model.governance import GateKind
from reconciler.model.record import Picture
from reconciler.ports.desk import Remembered, WayBack
from reconciler.store.codec import decode, encode
from tests.cli import pictures, reviews
from tests.cli.examples import SHOP


@pytest.mark.parametrize("example", reviews.REVIEWS)
def test_a_review_comes_back_as_it_went(example: str) -> None:
    review = reviews.REVIEWS[example]()
    assert encode(decode(Review, encode(review))) == encode(review)


@pytest.mark.parametrize("example", pictures.PICTURES)
def test_a_picture_comes_back_as_it_went(example: str) -> None:
    picture = pictures.PICTURES[example]()
    assert decode(Picture, encode(picture)) == picture


@pytest.mark.parametrize("kind", get_args(Request), ids=lambda kind: kind.__name__)
def test_a_request_comes_back_as_it_went(kind: type[Any]) -> None:
    values = {"unit": SHOP, "to": "bob", "name": "ci", "id": "t", "commit": "3f2a8c1", "environment": "production"}
    values |= {"reason": "x", "plan": "p", "gates": (GateKind.WINDOW,), "finding": "x", "duration": timedelta(hours=1)}
    request = kind(**{each.name: values[each.name] for each in fields(kind) if each.name in values})
    assert request_sent(encode(request).encode()) == request


def test_a_way_back_and_what_was_seen_come_back_as_they_went() -> None:
    at = pictures.good(SHOP)
    pinned = Pinned(unit=SHOP, digest=at.unit.digest, named=at.unit.named, author="ann", reason="")
    found = Assessment(unit=SHOP, wanted=at.unit, effective=at.unit)
    way = WayBack(pinned=pinned, at=at, found=found, away=("gone",))
    assert decode(WayBack, encode(way)) == way
    assert decode(Remembered, encode(Remembered())) == Remembered()


@pytest.mark.parametrize(
    "request_", [Approve(unit=SHOP, code="123456"), Waive(unit=SHOP, gates=(), reason="x", code="123456")]
)
def test_a_code_is_shown_by_no_request(request_: Approve | Waive) -> None:
    assert "123456" not in repr(request_)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"verb": "erase"}',
        '{"verb": "hold"}',
        '{"verb": "hold", "unit": 3}',
        '{"verb": "hold", "unit": {"app": "shop"}}',
        '{"verb": "hold", "unit": {"app": "shop", "environment": 5}}',
        '{"verb": "hold", "unit": {"app": "shop", "environment": "production"}, "reason": 5}',
        '{"verb": "hold", "unit": {"app": "shop", "environment": "production"}, "reason": "\\u001b[2J"}',
        '{"verb": "hold", "unit": {"app": "shop", "environment": "production"}, "reason": "' + "x" * 2001 + '"}',
        '{"verb": "delegate", "to": "bob", "duration": -1}',
        '{"verb": "delegate", "to": "bob", "duration": 1e300}',
        '{"verb": "issue", "name": "ci", "duration": null, "groups": [' + ",".join(['"g"'] * 101) + "]}",
        '{"verb": "lock", "unit": null, "environment": "production", "reason": "x", "duration": "long"}',
        '{"verb": "waive", "unit": {"app": "a", "environment": "b"}, "reason": "x", "gates": ["door"]}',
    ],
)
def test_what_is_no_request_is_an_error_and_no_request(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the text: nobody is told more than that it is none
        request_sent(text.encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_sent_is_a_request_or_an_error(body: bytes) -> None:
    with suppress(ValueError):
        request_sent(body)
    with suppress(ValueError):
        go_back_sent(body)


def test_values_of_requests_that_are_made_from_text_are_of_their_types() -> None:
    read = go_back_sent(encode(GoBack(unit=SHOP, to="1.4.1", force=True)).encode())
    assert (read.unit, read.to, read.force) == (SHOP, "1.4.1", True)
    made = request_sent(encode(IssueToken(name="ci", duration=None)).encode())
    assert isinstance(made, IssueToken)
    assert made.duration is None
