"""Periods, as people say them and as they are cut."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.period import Period, moment_said
from tests.report.chronicles import NOON, after


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("30d", "2026-01-30T12:00:00+00:00"),
        ("1h30m", "2026-03-01T10:30:00+00:00"),
        ("2026-02-01", "2026-02-01T00:00:00+00:00"),
        ("2026-02-01T08:00:00Z", "2026-02-01T08:00:00+00:00"),
        ("2026-02-01T08:00:00+02:00", "2026-02-01T08:00:00+02:00"),
    ],
)
def test_a_moment_is_how_long_ago_or_when(said: str, expected: str) -> None:
    assert moment_said(said, NOON) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("said", ["", "yesterday", "30", "2026-13-01", "900000d"])
def test_what_is_no_moment_is_told_with_what_is_expected(said: str) -> None:
    with pytest.raises(ValueError, match=r"expected how long ago|before the year 1"):
        moment_said(said, NOON)


@given(st.integers(-5000, 5000), st.integers(1, 200_000))
def test_the_parts_of_a_period_are_all_of_it_and_do_not_overlap(began: int, minutes: int) -> None:
    period = Period(after(began), after(began + minutes))
    parts = period.parts()
    assert parts[0].since == period.since
    assert parts[-1].until == period.until
    assert all(one.until == next_.since for one, next_ in pairwise(parts))
    assert all(part.since < part.until for part in parts)
    assert all(part.since.hour == part.since.minute == 0 for part in parts[1:])
    assert len(parts) <= max(47, minutes / 60 / 24 / 7 + 2)


def test_the_period_before_is_as_long_and_ends_where_this_one_begins() -> None:
    period = Period(after(0), after(90))
    assert period.before == Period(after(-90), after(0))
    assert period.before.length == timedelta(minutes=90)
