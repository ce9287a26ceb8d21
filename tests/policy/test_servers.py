"""The names of servers in queries."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.analysis import (
    CANARY,
    STABLE,
    Analysis,
    CommandQuery,
    Comparison,
    DatadogQuery,
    HttpQuery,
    PrometheusQuery,
    Query,
)
from reconciler.policy.servers import NOBODY, resolved

NAMES = st.lists(st.text("abz019-_.:[]|*+?(){}$^\\\"'`", min_size=1, max_size=12), min_size=1, max_size=4)


def prometheus(query: str) -> PrometheusQuery:
    return PrometheusQuery(url="http://p", query=query)


def asked(query: Query, canary: tuple[str, ...] = ("web-1", "web.2"), stable: tuple[str, ...] = ()) -> Query:
    return resolved(Analysis(name="a", query=query), canary, stable).query


def test_the_names_of_servers_are_put_in_wherever_a_query_has_a_place_for_them() -> None:
    canary, nobody = "web-1|web[.]2", NOBODY
    assert asked(prometheus(f"up{{i=~'{CANARY}'}} - up{{i=~'{STABLE}'}}")) == prometheus(
        f"up{{i=~'{canary}'}} - up{{i=~'{nobody}'}}"
    )
    datadog = DatadogQuery(query=CANARY, api_key="a", app_key="b")
    assert str(asked(datadog)) == canary
    http = HttpQuery(url=f"http://m/{CANARY}", value=f"$['{STABLE}']", headers={"X-Servers": CANARY})
    assert asked(http) == HttpQuery(url=f"http://m/{canary}", value=f"$['{nobody}']", headers={"X-Servers": canary})
    assert asked(CommandQuery(command=("look", CANARY))) == CommandQuery(command=("look", canary))


def test_the_query_of_the_baseline_has_them_too() -> None:
    analysis = Analysis(name="a", query=prometheus(CANARY), comparison=Comparison(baseline=prometheus(STABLE)))
    there = resolved(analysis, ["web-1"], ["web-2"])
    assert there.comparison is not None
    assert (str(there.query), str(there.comparison.baseline)) == ("web-1", "web-2")


def test_what_names_no_servers_stays_as_it_is() -> None:
    analysis = Analysis(name="a", query=prometheus("up"))
    assert resolved(analysis, ["web-1"], ["web-2"]) == analysis


@given(NAMES)
def test_the_expression_matches_each_name_and_nobody_matches_none(names: list[str]) -> None:
    expression = str(asked(prometheus(CANARY), tuple(names)))
    assert all(re.fullmatch(expression, name) for name in names)
    assert not any(re.search(NOBODY, name) for name in (*names, ""))
    assert "\\" not in expression
    assert '"' not in expression


@given(st.lists(st.text("ab-.1", min_size=1, max_size=6), min_size=1, max_size=3), st.text("ab-.1", max_size=6))
def test_it_matches_no_other_name(names: list[str], other: str) -> None:
    expression = str(asked(prometheus(CANARY), tuple(names)))
    assert bool(re.fullmatch(expression, other)) is (other in names)
