"""The small phrases, and what makes text from outside safe to show."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.render.words import ago, difference, in_future, lasted, value
from reconciler.control.clean import clean, clean_lines, shortened
from reconciler.control.phrases import count, listed, short
from reconciler.model.change import Action, FieldDiff
from tests.cli.examples import NOW


@given(st.text())
def test_clean_text_is_one_line_of_visible_characters(text: str) -> None:
    assert clean(text).isprintable() or all(
        char == "\u3000" or char.isspace() for char in clean(text) if not char.isprintable()
    )
    assert "\n" not in clean(text)
    clean(text).encode()


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202e", "\\u202e"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("grün 日本", "grün 日本"),
    ],
)
def test_what_cannot_be_seen_stands_as_its_escape(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_lines_end_with_a_line_feed_only_and_tabs_are_spaces() -> None:
    assert clean_lines("a\tb\rc\n\x0bd\u2028e") == ["a   b\\rc", "\\x0bd\\u2028e"]


@given(st.text(), st.integers(10, 50))
def test_a_shortened_text_is_never_longer(text: str, length: int) -> None:
    assert len(shortened(text, length)) == min(len(text), length)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-60, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7199, "1 h"), (86_400, "1 day"), (1e6, "11 days")],
)
def test_a_duration_is_told_in_its_largest_unit(seconds: float, expected: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == expected


def test_a_time_that_another_clock_puts_in_the_future_is_just_now() -> None:
    assert ago(NOW + timedelta(hours=1), NOW) == "just now"
    assert ago(NOW - timedelta(minutes=5), NOW) == "5 min ago"


def test_a_time_to_come_is_told_both_ways() -> None:
    assert in_future(NOW + timedelta(minutes=5), NOW) == "in 5 min (12:05:00Z)"
    assert in_future(NOW, NOW) == "any moment"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcde"), "a, b, c and 2 more"),
    ],
)
def test_names_are_listed_up_to_a_number(names: list[str], expected: str) -> None:
    assert listed(names, 3) == expected


@pytest.mark.parametrize(
    ("action", "field", "expected"),
    [
        (Action.UPDATE, FieldDiff(path="a", before=True, after=1), "true -> 1"),
        (Action.UPDATE, FieldDiff(path="a", before=None, after="null"), '(none) -> "null"'),
        (Action.CREATE, FieldDiff(path="a", before=None, after=[1, "x"]), '[1, "x"]'),
        (Action.DELETE, FieldDiff(path="a", before={"k": 1}, after=None), '{"k": 1}'),
        (Action.REPLACE, FieldDiff(path="a", before="k", after="l", secret=True), "(secret, changed)"),
        (Action.CREATE, FieldDiff(path="a", before=None, after="l", secret=True), "(secret)"),
    ],
)
def test_a_difference_fits_one_line(action: Action, field: FieldDiff, expected: str) -> None:
    assert difference(action, field) == expected


def test_values_are_short() -> None:
    assert value("sha256:" + "a" * 64) == "sha256:" + "a" * 12
    assert len(value("x" * 1000)) == 70
    assert (short("3f2a8c1def"), short(""), count(1, "unit"), count(0, "unit")) == (
        "3f2a8c1",
        "(none)",
        "1 unit",
        "0 units",
    )
