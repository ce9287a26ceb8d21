"""Whether requests are sent as they shall be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.resource import Unknown
from reconciler.model.traffic import HaproxyRouter, Member, Route, Share
from reconciler.policy.routing import astray, at_rest

ROUTER = HaproxyRouter(hosts=("lb-1",), backend="shop", members=(Member("web-1", "a"), Member("web-2", "b")))
EVEN = (Share("a", 100), Share("b", 100))
ONE_SIDE = (Share("a", 100), Share("b", 0))


def told(a: int, b: int, *, b_serves: bool = True) -> tuple[Route, ...]:
    return (Route("a", a, serving=True), Route("b", b, serving=b_serves))


@pytest.mark.parametrize(
    ("shares", "routes", "wrong"),
    [
        (EVEN, told(100, 100), []),
        (EVEN, told(1, 1), []),
        (EVEN, told(100, 50), ["b has the weight 50 on lb-1, not 100"]),
        (EVEN, told(1, 0), ["a has the weight 1 on lb-1, not 100", "b has the weight 0 on lb-1, not 100"]),
        (EVEN, told(0, 0), ["a has the weight 0 on lb-1, not 100", "b has the weight 0 on lb-1, not 100"]),
        (EVEN, told(100, 1, b_serves=False), []),
        (ONE_SIDE, told(1, 0), []),
        (ONE_SIDE, told(1, 1), ["a has the weight 1 on lb-1, not 100", "b has the weight 1 on lb-1, not 0"]),
        (ONE_SIDE, told(100, 1, b_serves=False), ["b has the weight 1 on lb-1, not 0"]),
        ((), told(3, 4), []),
        (EVEN, (*told(1, 1), Route("c", 5, serving=True)), ["lb-1 sends requests to c, which is no target"]),
        (EVEN, (*told(1, 1), Route("c", 0, serving=True)), []),
        (
            ONE_SIDE,
            (Route("a", 50, serving=True, exact=True), Route("b", 0, serving=False, exact=True)),
            ["a has the weight 50 on lb-1, not 100"],
        ),
        (
            ONE_SIDE,
            (Route("a", 0, serving=False, exact=True), Route("b", 0, serving=False, exact=True)),
            ["a has the weight 0 on lb-1, not 100"],
        ),
        (ONE_SIDE, (Route("a", 100, serving=False, exact=True), Route("b", 0, serving=False, exact=True)), []),
    ],
)
def test_weights_that_are_not_in_proportion_are_told(shares, routes, wrong) -> None:
    assert [each.in_words for each in astray(ROUTER, shares, {"lb-1": routes})] == wrong


def test_each_load_balancer_counts_and_a_place_names_it() -> None:
    found = astray(ROUTER, EVEN, {"lb-2": told(100, 1), "lb-1": told(2, 2)})
    assert [str(each) for each in found] == ["lb-2/traffic:b"]


def test_what_cannot_be_seen_is_not_astray() -> None:
    assert astray(ROUTER, EVEN, Unknown("lb-1 is away")) == ()


def test_shares_of_members_that_have_left_do_not_count_nor_do_shares_that_leave_nobody() -> None:
    assert at_rest(ROUTER, (*EVEN, Share("gone", 100))) == EVEN
    assert at_rest(ROUTER, (Share("a", 0), Share("gone", 100))) == ()


@given(st.lists(st.integers(0, 100), min_size=2, max_size=2), st.integers(1, 9))
def test_any_multiple_of_the_shares_is_right(weights: list[int], times: int) -> None:
    shares = (Share("a", weights[0]), Share("b", weights[1]))
    assert astray(ROUTER, shares, {"lb-1": told(weights[0] * times, weights[1] * times)}) == ()
