"""The files that nginx includes: what is written is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.traffic import Member, NginxRouter, Route, Share
from reconciler.traffic import nginx_file as files

ONE, OTHER = "192.0.2.11:8080", "[2001:db8::1]:8080"
ROUTER = NginxRouter(
    hosts=("lb-1",), upstream="shop-web", include="/etc/nginx/s", members=(Member("web-1", ONE), Member("web-2", OTHER))
)


def said(text: str, leaving: int = 0) -> str:
    return f"{text}\n-- leaving {leaving}\n"


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("", {}),
        (f"server {ONE};", {ONE: 1}),
        (f"  server {ONE}   weight=30 max_fails=2;\n# server x;\n", {ONE: 30}),
        (f"server {ONE} weight=30 down;\nserver {OTHER} weight=2;", {ONE: 0, OTHER: 2}),
        ("keepalive 16;\n", {}),
    ],
)
def test_what_is_in_a_file(text: str, weights: dict[str, int]) -> None:
    assert files.read(said(text)) == weights


def test_who_is_not_in_the_file_has_no_weight_and_who_has_none_shares_what_is_left_under_way() -> None:
    text = f"server {ONE} weight=3;\nserver 192.0.2.99 weight=2;\n"
    assert files.routes(ROUTER, said(text, leaving=2)) == (
        Route(ONE, 3, serving=True, in_flight=None),
        Route(OTHER, 0, serving=True, in_flight=2),
        Route("192.0.2.99", 2, serving=True, in_flight=None),
    )


def test_half_an_answer_is_none() -> None:
    with pytest.raises(ValueError, match="server"):
        files.routes(ROUTER, f"server {ONE};\n")


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_what_is_written_is_read_and_who_is_not_named_keeps_what_it_has(one: int, other: int, now: int) -> None:
    text = files.servers(ROUTER, [Share(ONE, one)], {ONE: now, OTHER: other, "gone": 5})
    assert files.read(said(text)) == {ONE: one, OTHER: other}


@pytest.mark.parametrize(
    ("percent", "split"),
    [
        (0, '* "";'),
        (10, '10% shop_web_mirror; * "";'),
        (100, "* shop_web_mirror;"),
    ],
)
def test_copies_are_for_a_part_of_the_requests(percent: int, split: str) -> None:
    text = files.mirrored(ROUTER, [ONE], percent)
    assert f'split_clients "$request_id" $shop_web_mirror {{ {split} }}\n' in text
    assert ("upstream shop_web_mirror" in text) is (percent > 0)


@pytest.mark.parametrize("server", ["a; down", "a\n", "a b", "", "a{", "$x"])
def test_an_address_ends_no_directive(server: str) -> None:
    router = NginxRouter(hosts=(), upstream="shop", include="/a", members=(Member("web-1", server),))
    with pytest.raises(ValueError, match="cannot be a server"):
        files.servers(router, [Share(server, 1)], {})
