"""Places in documents, and what follows from a page of a list."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.lookup import CursorPages, LinkedPages, Lookup, NumberedPages, OffsetPages, Pages
from reconciler.policy import lookups, place
from reconciler.policy.lookups import NoSense, Query, Url

KEYS = st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 99)), max_size=5)


@given(keys=KEYS)
def test_a_place_that_is_written_leads_back_to_its_keys(keys: list[str | int]) -> None:
    if keys:
        assert place.of(place.written(tuple(keys))) == tuple(keys)


@given(keys=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_what_is_put_at_a_pointer_is_there(keys: list[str]) -> None:
    document: Any = "before"
    for key in reversed(keys):
        document = {key: document, "beside" + key: [1]}
    after = place.put(document, place.pointer(tuple(keys)), "after")
    assert place.below(after, tuple(keys)) == "after"
    assert place.put(after, place.pointer(tuple(keys)), "before") == document


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("$", ()),
        ("$.a.b-c", ("a", "b-c")),
        ("$['a b'][0]", ("a b", 0)),
        ('$["it\\"s"]', ('it"s',)),
        ("$['it\\'s'].x", ("it's", "x")),
    ],
)
def test_a_place_is_read(text: str, keys: tuple[str | int, ...]) -> None:
    assert place.keys(text) == keys


@pytest.mark.parametrize("text", ["", "a", "$.", "$..a", "$.a[*]", "$[-1]", "$.a b", "$['a]", "$[?@.a]", "$.a\n"])
def test_what_leads_to_no_single_value_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|lead"):
        place.keys(text)


def lookup(pages: Pages | None, **more: Any) -> Lookup:
    given: dict[str, Any] = {"path": "/r", "query": (("q", "x"),), "items": "$.r", "next": pages, **more}
    return Lookup(**given)


THREE: Any = {"r": [1, 2, 3], "next": {"after": "c"}}
FOLLOWING: list[tuple[Pages | None, Any, str, Any]] = [
    (None, THREE, "", None),
    (LinkedPages(), THREE, "", None),
    (LinkedPages(), THREE, '<https://a/?b=1,2>; rel="prev next"', Url("https://a/?b=1,2")),
    (LinkedPages(), THREE, '</a>; rel=first, </b>; title="x, y"; rel=next', Url("/b")),
    (LinkedPages(), THREE, '</a>; rel="nextish"', None),
    (NumberedPages(), THREE, "", Query((("q", "x"), ("page", "2")))),
    (NumberedPages(first=0, parameter="p"), THREE, "", Query((("q", "x"), ("p", "1")))),
    (NumberedPages(), {"r": []}, "", None),
    (NumberedPages(size_parameter="n", size=3), THREE, "", Query((("q", "x"), ("n", "3"), ("page", "2")))),
    (NumberedPages(size_parameter="n", size=4), THREE, "", None),
    (OffsetPages(size=3), THREE, "", Query((("q", "x"), ("limit", "3"), ("offset", "3")))),
    (OffsetPages(size=4), THREE, "", None),
    (CursorPages(at="$.next.after", parameter="after"), THREE, "", Query((("q", "x"), ("after", "c")))),
    (CursorPages(at="$.next.after"), THREE, "", Url("c")),
    (CursorPages(at="$.next.before"), THREE, "", None),
    (CursorPages(at="$.next"), {"r": [1], "next": None}, "", None),
]


@pytest.mark.parametrize(("pages", "body", "link", "expected"), FOLLOWING)
def test_what_is_asked_next_follows_from_the_page(pages: Pages | None, body: Any, link: str, expected: Any) -> None:
    assert lookups.following(lookup(pages), body, link, (1, len(body["r"]))) == expected


@given(
    link=st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    | st.text(st.sampled_from('<>;,="relnxt '), max_size=200)
)
def test_a_link_header_is_read_whatever_it_is(link: str) -> None:
    found = lookups.following(lookup(LinkedPages()), THREE, link, (1, 3))
    assert found is None or isinstance(found, Url)


def test_items_without_what_is_asked_for_do_not_match_but_one_has_to_have_it() -> None:
    asked = lookup(None, match="item.name == 'a'")
    assert list(lookups.matching(asked, [{"name": "a"}, {"other": 1}])) == [{"name": "a"}]
    assert list(lookups.matching(asked, [])) == []
    with pytest.raises(NoSense, match="has"):
        list(lookups.matching(asked, [{"other": 1}]))


def test_null_is_an_empty_list_and_anything_else_that_is_no_list_makes_no_sense() -> None:
    assert lookups.items(lookup(None), {"r": None}) == ()
    odd: list[Any] = [{}, {"r": {}}, [], "x", None]
    for body in odd:
        with pytest.raises(NoSense):
            lookups.items(lookup(None), body)
