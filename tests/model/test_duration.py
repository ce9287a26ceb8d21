"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.duration import format_duration, parse_duration

TABLE = [
    ("500ms", timedelta(milliseconds=500)),
    ("30s", timedelta(seconds=30)),
    ("5m", timedelta(minutes=5)),
    ("1h30m", timedelta(minutes=90)),
    ("2d", timedelta(days=2)),
    ("1m500ms", timedelta(seconds=60.5)),
]


@pytest.mark.parametrize(("text", "duration"), TABLE)
def test_a_duration_is_read_and_written_the_same_way(text, duration):
    assert parse_duration(text) == duration
    assert format_duration(duration) == text


@pytest.mark.parametrize("text", ["", "5", "s", "5x", "1.5h", "-3s", "3 s", "30s5m", "9999999999d"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=10**12))
def test_writing_and_reading_give_the_same_duration(milliseconds):
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


def test_nothing_and_less_than_nothing_can_be_written():
    assert format_duration(timedelta(0)) == "0s"
    assert format_duration(timedelta(seconds=-90)) == "-1m30s"
