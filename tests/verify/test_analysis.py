"""Analyses: measurement after measurement to an end, and ends to one statement."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.analysis import (
    Analysis,
    AnalysisRun,
    CommandQuery,
    Comparison,
    HttpQuery,
    Measurement,
    Outcome,
    PrometheusQuery,
)
from reconciler.ports.metrics import NoData, Value
from reconciler.verify.analysis import KEPT, Answer, begin, conclude, measured
from tests.factory import NOW

CASES = yaml.safe_load(Path(__file__).with_name("measurements.yaml").read_text())
QUERY = PrometheusQuery(url="http://p", query="rate")


def analysis(**given: Any) -> Analysis:
    if "on_no_data" in given:
        given["on_no_data"] = Outcome(given["on_no_data"])
    return Analysis(**{"name": "rate", "query": QUERY, **given})


def answer(said: Any) -> Answer:
    if said == "no data":
        return NoData("nothing there")
    return said if isinstance(said, str) else Value(said)


def run_through(
    asked: Analysis, answers: list[Any], baselines: list[Any] | None = None
) -> tuple[AnalysisRun, list[Measurement], list[float]]:
    (run,) = begin([asked], NOW)
    made, delays = [], []
    for index, said in enumerate(answers):
        assert run.outcome is None, f"it ended before answer {index}"
        beside = answer(baselines[index]) if baselines else None
        at = run.next_at
        run, measurement = measured(run, asked, answer(said), beside, at)
        made.append(measurement)
        delays.append((run.next_at - at).total_seconds())
    return run, made, delays


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_measurements_lead_where_the_table_says(case: dict[str, Any]) -> None:
    asked = analysis(**case["given"])
    if "compared" in case:
        asked = analysis(**case["given"], comparison=Comparison(baseline=QUERY, minimum=case["compared"]))
    run, made, delays = run_through(asked, case["answers"], case.get("baselines"))
    assert [each.outcome.value for each in made] == case["outcomes"]
    assert run.outcome == case["ends"]
    assert case.get("because", "") in run.reason
    assert case.get("detail", "") in made[-1].detail
    assert delays == case.get("delays", delays)
    assert [len(run.samples), len(run.baseline)] == case.get("samples", [len(run.samples), len(run.baseline)])


def test_a_run_begins_after_its_initial_delay() -> None:
    late = analysis(initial_delay=timedelta(minutes=2))
    assert [run.next_at for run in begin([late, analysis()], NOW)] == [NOW + timedelta(minutes=2), NOW]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.012345678, "0.0123457"),
        ([1.0, 0.25], "[1, 0.25]"),
        ({"errors": 3, "ok": True, "why": None, "of": ["a"]}, "{errors: 3, ok: true, why: null, of: [a]}"),
        ("x" * 300, "x" * 197 + "..."),
    ],
)
def test_a_measurement_tells_the_answer_in_words(value: Any, shown: str) -> None:
    asked = analysis(query=HttpQuery(url="http://m", value="$"), success="result != null")
    (run,) = begin([asked], NOW)
    after, measurement = measured(run, asked, Value(value), Value(2), NOW)
    assert (measurement.value, measurement.baseline, measurement.at) == (shown, "2", NOW)
    assert after.latest == measurement


def test_json_is_judged_as_it_is() -> None:
    asked = analysis(query=CommandQuery(command=("status",)), success="result.errors == 0 && result.state == 'green'")
    run, _, _ = run_through(asked, [{"errors": 0, "state": "green"}])
    assert run.outcome is Outcome.SUCCESSFUL
    run, _, _ = run_through(asked, [{"errors": 0, "state": "red"}])
    assert run.outcome is Outcome.FAILED


@given(st.lists(st.floats() | st.lists(st.floats(), max_size=5), min_size=1, max_size=8))
def test_what_is_kept_for_comparing_is_finite_and_bounded(answers: list[Any]) -> None:
    asked = analysis(
        success="result.all(each, true)", count=None, failure_limit=-1, comparison=Comparison(baseline=QUERY, minimum=3)
    )
    run, _, _ = run_through(asked, answers, answers)
    json.dumps([run.samples, run.baseline], allow_nan=False)


def test_only_the_newest_values_are_kept() -> None:
    asked = analysis(
        success="result.all(each, true)", count=None, failure_limit=-1, comparison=Comparison(baseline=QUERY)
    )
    run, _, _ = run_through(asked, [[float(n)] * 10 for n in range(12)], [[0.0]] * 12)
    assert (len(run.samples), run.samples[0], run.samples[-1]) == (KEPT, 2.0, 11.0)


GOOD, BAD, UNSURE, ERROR = Outcome.SUCCESSFUL, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERROR


@pytest.mark.parametrize(
    ("ends", "passes_at", "expected"),
    [
        # each has to be successful; the worst that is known decides at once
        ([(GOOD, 1)], None, GOOD),
        ([(GOOD, 1), (None, 1)], None, None),
        ([(BAD, 1), (None, 1)], None, BAD),
        ([(UNSURE, 1), (None, 1)], None, UNSURE),
        ([(UNSURE, 1), (ERROR, 1)], None, ERROR),
        ([(UNSURE, 1), (ERROR, 1), (BAD, 1)], None, BAD),
        ([(GOOD, 1), (GOOD, 3)], None, GOOD),
        # what has no weight is waited for and decides nothing
        ([(BAD, 0), (GOOD, 1)], None, GOOD),
        ([(None, 0), (GOOD, 1)], None, None),
        ([(BAD, 0)], None, GOOD),
        ([(BAD, 0)], 100, GOOD),
        ([], None, GOOD),
        # weighed together
        ([(GOOD, 4), (BAD, 1)], 80, GOOD),
        ([(GOOD, 4), (BAD, 1)], 81, BAD),
        ([(GOOD, 4), (None, 1)], 80, None),
        ([(None, 4), (BAD, 1)], 80, None),
        ([(None, 4), (BAD, 1)], 90, BAD),
        ([(GOOD, 3), (UNSURE, 1)], 75, GOOD),
        ([(GOOD, 3), (UNSURE, 1)], 76, UNSURE),
        ([(GOOD, 3), (ERROR, 1)], 76, ERROR),
        ([(GOOD, 2), (ERROR, 1), (UNSURE, 1)], 76, ERROR),
        ([(GOOD, 1), (ERROR, 1), (BAD, 2)], 51, BAD),
        ([(UNSURE, 1)], 1, UNSURE),
    ],
)
def test_ends_lead_to_one_conclusion(
    ends: list[tuple[Outcome | None, int]], passes_at: int | None, expected: Outcome | None
) -> None:
    analyses = [analysis(weight=weight) for _, weight in ends]
    runs = [AnalysisRun(name="rate", next_at=NOW, outcome=outcome, reason=str(outcome)) for outcome, _ in ends]
    concluded = conclude(runs, analyses, passes_at)
    assert (concluded.outcome if concluded else None) is expected
    if concluded and passes_at is None and expected is not GOOD:
        assert concluded.reason == str(expected)
        assert concluded.score is None


def test_a_score_is_told_with_what_it_is_made_of() -> None:
    analyses = [analysis(weight=3), analysis(weight=1)]
    runs = [
        AnalysisRun(name="rate", next_at=NOW, outcome=GOOD, reason="rate: fine"),
        AnalysisRun(name="slow", next_at=NOW, outcome=BAD, reason="slow: not"),
    ]
    concluded = conclude(runs, analyses, 80)
    assert concluded is not None
    assert (concluded.score, concluded.reason) == (75, "score 75 at most, 80 is needed: rate: fine; slow: not")


@given(st.lists(st.tuples(st.sampled_from([*Outcome, None]), st.integers(0, 5)), max_size=6), st.integers(1, 100))
def test_better_answers_never_make_a_conclusion_worse(ends: list[tuple[Outcome | None, int]], passes_at: int) -> None:
    """A run that is under way decides nothing that it could still turn round."""
    analyses = [analysis(weight=weight) for _, weight in ends]

    def concluded(undecided: Outcome | None) -> Outcome | None:
        runs = [AnalysisRun(name="rate", next_at=NOW, outcome=outcome or undecided) for outcome, _ in ends]
        found = conclude(runs, analyses, passes_at)
        return found.outcome if found else None

    now = concluded(None)
    if now is not None:
        assert {concluded(GOOD), concluded(BAD)} == {now}
