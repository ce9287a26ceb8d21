"""The four measures: small cases by hand, and what has to hold for all."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import Cause
from reconciler.model.chronicle import Chronicle
from reconciler.model.rollout import ENDS, State
from reconciler.report.deployments import deployments
from reconciler.report.measures import Measures, by, measures
from reconciler.report.period import Period
from reconciler.report.period_report import Grouping, period_report
from reconciler.report.spread import spread
from tests.report.chronicles import CART, NOON, SHOP, after, chronicle, ran, written

DAY = Period(NOON, NOON + timedelta(days=1))
OK = State.SUCCEEDED


def _of(told: Chronicle, period: Period = DAY) -> Measures:
    return measures(deployments(told), told.rollouts, period)


def test_the_measures_of_a_day_are_those_counted_by_hand() -> None:
    told = chronicle(
        ran(OK, 0, 10, commit="a"),
        ran(State.REVERTED, 60, 70, failed=66),
        ran(OK, 100, 110, commit="b"),
        ran(OK, 130, 131, cause=Cause.REVERT),
        ran(State.HELD, 200, 210, failed=205),
        ran(OK, 300, 301, cause=Cause.DRIFT, unit=CART),
        ran(OK, -60, -50),
        written={"a": written("a", -20), "b": written("b", 10)},
    )
    found = _of(told)
    assert (found.deployments, found.succeeded, found.failed, found.reverted) == (4, 1, 3, 2)
    assert (found.failure_rate, found.success_rate, found.revert_rate) == (0.75, 0.25, 0.5)
    assert (found.open_failures, found.heals, found.per_day) == (1, 1, 4.0)
    assert found.lead.median == timedelta(minutes=65)
    assert (found.restore.count, found.restore.mean) == (2, timedelta(minutes=2.5))


def test_there_is_no_rate_of_nothing() -> None:
    found = _of(chronicle())
    assert (found.failure_rate, found.success_rate, found.revert_rate, found.lead.median) == (None, None, None, None)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([], (0, None, None, None)),
        ([7], (1, 7, 7, 7)),
        ([1, 2, 3, 10], (4, 4, 2.5, 10)),
        ([*range(1, 101)], (100, 50.5, 50.5, 95)),
        ([-5, 5], (2, 2.5, 2.5, 5)),
    ],
)
def test_a_spread_is_what_statistics_say(minutes: list[float], expected: tuple[float | None, ...]) -> None:
    found = spread(timedelta(minutes=each) for each in minutes)
    seen = (found.mean, found.median, found.p95)
    assert (found.count, *(each and each / timedelta(minutes=1) for each in seen)) == expected


ROLLOUTS = st.lists(
    st.builds(
        lambda state, began, took, cause, unit: ran(
            state, began, began + took if state in ENDS else None, cause=cause, unit=unit, failed=began + took / 2
        ),
        st.sampled_from(State),
        st.integers(-3000, 3000),
        st.integers(0, 300),
        st.sampled_from(Cause),
        st.sampled_from([SHOP, CART]),
    ),
    max_size=30,
    unique_by=lambda each: (each.unit, each.started_at),
)


@given(ROLLOUTS)
def test_rates_are_rates_and_all_parts_add_up(rollouts: list[object]) -> None:
    told = chronicle(*rollouts)  # type: ignore[arg-type]
    period = Period(after(-2880), after(1440))
    whole = _of(told, period)
    assert whole.succeeded + whole.failed == whole.deployments
    assert 0 <= whole.open_failures <= whole.failed
    assert 0 <= whole.reverted <= whole.failed
    assert all(each is None or 0 <= each <= 1 for each in (whole.failure_rate, whole.success_rate, whole.revert_rate))
    assert whole.restore.count == whole.failed - whole.open_failures
    for grouping in Grouping:
        report = period_report(told, period, grouping, "")
        assert sum(each.deployments for _, each in report.groups) == whole.deployments
        assert sum(each.failed for _, each in report.parts) == whole.failed
        assert sum(each.heals for _, each in report.parts) == whole.heals
        assert report.now == whole


@given(ROLLOUTS)
def test_nothing_is_well_again_before_it_fails(rollouts: list[object]) -> None:
    for each in deployments(chronicle(*rollouts)):  # type: ignore[arg-type]
        assert each.restored_at is None or (each.failed_at is not None and each.restored_at >= each.failed_at)


@given(ROLLOUTS)
def test_the_period_before_and_this_one_are_told_apart(rollouts: list[object]) -> None:
    told = chronicle(*rollouts)  # type: ignore[arg-type]
    period = Period(after(0), after(2000))
    report = period_report(told, period, Grouping.APP, "production")
    both = _of(chronicle(*(each for each in told.rollouts if each.unit == SHOP)), Period(after(-2000), after(2000)))
    assert report.before is not None
    assert report.now.deployments + report.before.deployments == both.deployments
    assert {name for name, _ in report.groups} <= {"shop"}


def test_groups_have_the_names_they_are_told_apart_by() -> None:
    told = chronicle(ran(OK, 0, 5), ran(OK, 0, 5, unit=CART), teams={SHOP: "checkout"})
    found = deployments(told)
    names = {grouping: [name for name, _ in period_report(told, DAY, grouping, "").groups] for grouping in Grouping}
    assert names == {
        Grouping.APP: ["cart", "shop"],
        Grouping.ENVIRONMENT: ["production", "staging"],
        Grouping.TEAM: ["(no team)", "checkout"],
        Grouping.UNIT: ["cart@staging", "shop@production"],
    }
    assert by(lambda each: each.unit.app, found, told.rollouts, DAY)[0][1].deployments == 1


def test_how_often_is_of_the_time_that_the_journal_tells_of() -> None:
    young = chronicle(ran(OK, -4000, -3990), ran(OK, -10, -5), oldest=after(-4320), until=after(0))
    month = Period(NOON - timedelta(days=30), NOON + timedelta(days=30))
    report = period_report(young, month, Grouping.APP, "")
    assert report.now.per_day == report.groups[0][1].per_day == pytest.approx(2 / 3)
    minutes = period_report(chronicle(ran(OK, -10, -5), oldest=after(-11), until=NOON), month, Grouping.APP, "")
    assert minutes.now.per_day == 1


def test_there_is_no_row_for_a_week_that_the_journal_does_not_tell_of() -> None:
    young = chronicle(ran(OK, -10, -5), oldest=after(-60 * 24 * 2), until=NOON)
    report = period_report(young, Period(NOON.replace(year=1753), NOON.replace(year=2300)), Grouping.APP, "")
    assert [each.deployments for _, each in report.parts] == [0, 0, 1]


def test_a_rollout_that_is_older_than_all_entries_is_counted() -> None:
    archived = chronicle(ran(OK, -60 * 24 * 5, -60 * 24 * 5 + 1), oldest=after(-1), until=NOON)
    report = period_report(archived, Period(NOON - timedelta(days=30), NOON), Grouping.APP, "")
    assert report.now.deployments == sum(each.deployments for _, each in report.parts) == 1


def test_nothing_is_told_of_the_future() -> None:
    report = period_report(chronicle(ran(OK, -10, -5), until=NOON), Period(after(1), after(9000)), Grouping.APP, "")
    assert (report.now.deployments, report.now.per_day, len(report.parts)) == (0, 0.0, 1)


def test_what_the_journal_cannot_know_any_more_is_said() -> None:
    young = chronicle(ran(OK, 60, 65), oldest=after(30))
    report = period_report(young, DAY, Grouping.APP, "")
    assert report.partial
    assert report.before is None
