"""When a cron expression comes round: against a clock that is read second for second, and where clocks are moved."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.cron import CronMistake, checked, following, instant, latest, zone

MOVED = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "America/St_Johns": (datetime(2026, 3, 8, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 4, 30, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    "Pacific/Auckland": (datetime(2026, 4, 4, 14, tzinfo=UTC), datetime(2026, 9, 26, 14, tzinfo=UTC)),
}
"""When clocks are moved, in five zones: by an hour, by half an hour, in either half of the year."""


def walls(expression: str, where: str, after: str, count: int) -> list[str]:
    begin = instant(datetime.fromisoformat(after), ZoneInfo(where))
    return [
        each.astimezone(ZoneInfo(where)).isoformat()
        for each in islice(following(expression, zone(where), begin), count)
    ]


@pytest.mark.parametrize(
    ("expression", "where", "after", "wanted"),
    [
        ("0 9 * * 1-5", "Europe/Berlin", "2026-03-27T10:00", ["2026-03-30T09:00:00+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["2026-10-04T02:30:00+11:00"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", ["2026-04-05T01:45:00+11:00"]),
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00", ["2026-03-08T03:00:00-04:00"]),
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-28T12:00", ["2011-12-31T00:00:00+14:00"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T00:00:00+00:00"]),
        ("@weekly", "UTC", "2026-03-01T12:00", ["2026-03-08T00:00:00+00:00"]),
    ],
)  # fmt: skip
def test_it_comes_round_by_the_clock_on_the_wall(expression, where, after, wanted):
    assert walls(checked(expression), where, after, len(wanted)) == wanted


def test_what_comes_every_hour_comes_in_both_of_the_hours_that_a_clock_shows_twice():
    shown = walls("0 * * * *", "Europe/Berlin", "2026-10-25T01:30", 3)
    assert shown == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]


EXPRESSIONS = st.builds(
    "{} {} * * {}".format,
    st.sampled_from(["0", "15", "30", "59", "*/20", "0,45"]),
    st.sampled_from(["0", "1", "2", "3", "1-3", "*", "23"]),
    st.sampled_from(["*", "0", "6", "0,6"]),
)


def read(expression: str, where: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield when it comes round, by reading the clock on the wall minute for minute.

    Times that the clock was moved past are read when it was; those that it shows again are not read twice, but for what
    comes every hour, of which just what is shown counts.
    """
    minute, hour, _, _, day = expression.split()
    until = begin.astimezone(where).replace(tzinfo=None)
    moment = begin
    while (moment := moment + timedelta(minutes=1)) < end:
        now = moment.astimezone(where).replace(tzinfo=None)
        walls = (
            [now]
            if hour == "*"
            else [until + timedelta(minutes=each + 1) for each in range((now - until) // timedelta(minutes=1))]
        )
        for wall in walls:
            if _has(minute, wall.minute) and _has(hour, wall.hour) and _has(day, wall.isoweekday() % 7):
                yield moment
        until = max(until, now)


def _has(field: str, value: int) -> bool:
    if field == "*":
        return True
    if field.startswith("*/"):
        return value % int(field[2:]) == 0
    parts = (each.partition("-") for each in field.split(","))
    return any(int(low) <= value <= int(high or low) for low, _, high in parts)


@given(EXPRESSIONS, st.sampled_from(sorted(MOVED)), st.sampled_from([0, 1]))
def test_it_comes_round_as_somebody_sees_who_reads_the_clock_while_it_is_moved(expression, name, which):
    where, moved = zone(name), MOVED[name][which]
    begin, end = moved - timedelta(hours=12), moved + timedelta(hours=12)
    seen = sorted({*read(expression, where, begin, end)})
    found = []
    for each in following(expression, where, begin):
        if each >= end:
            break
        found.append(each)
    assert found == seen
    assert all(one < other for one, other in pairwise(found))
    for one, other in pairwise(found):
        assert latest(expression, where, one) == one
        assert latest(expression, where, other - timedelta(microseconds=1)) == one


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("* * * *", "expected five fields (minute, hour, day of the month, month, day of the week), got 4"),
        ("0 9 * * * *", "got 6"),
        ("61 * * * *", "there is something wrong with the minute"),
        ("0 25 * * *", "there is something wrong with the hour"),
        ("0 0 31 2 *", "there is something wrong with the day of month"),
        ("0 0 */30 2 1#5", "there is never such a day"),
        ("0 0 * * 9", "there is something wrong with the day of week"),
        ("nine a m each day", "there is something wrong with the minute"),
    ],
)
def test_what_is_no_expression_is_told(expression, told):
    with pytest.raises(CronMistake) as caught:
        checked(expression)
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_what_is_no_zone_is_told(name):
    with pytest.raises(CronMistake, match="there is no time zone named"):
        zone(name)
