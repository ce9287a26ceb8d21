"""How an app does on a target. ``g`` is a good answer, ``b`` a bad one, ``?`` none; ``.`` was not asked."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.event import Condition
from reconciler.model.health import CheckResult, TcpCheck, Timing
from reconciler.verify import vigil
from tests.factory import NOW

H, D, U = Condition.HEALTHY, Condition.DEGRADED, Condition.UNHEALTHY
STRICT = TcpCheck(port=1, timing=Timing(failure_threshold=1, success_threshold=2, period=timedelta(seconds=5)))
PATIENT = TcpCheck(port=2, timing=Timing(failure_threshold=3, success_threshold=1, period=timedelta(seconds=3)))
ANSWERS = {
    "g": CheckResult(healthy=True, detail="good"),
    "b": CheckResult(healthy=False, detail="bad"),
    "?": CheckResult(healthy=False, detail="away", asked=False),
}


def after(rounds, checks, known=H):
    watched = vigil.begin("web-1", checks, known, NOW)
    for number, answers in enumerate(rounds.split()):
        given_ = {index: ANSWERS[each] for index, each in enumerate(answers) if each != "."}
        watched = vigil.heard(watched, checks, given_, NOW + timedelta(seconds=number))
    return watched


@pytest.mark.parametrize(
    ("rounds", "known", "condition"),
    [
        ("g", H, H),
        ("b", H, D),
        ("b b", H, D),
        ("b b b", H, U),
        ("b b g", H, H),
        ("b b g b b", H, D),
        ("b b b g", H, H),
        ("b b b ? ? ?", H, U),
        ("? ? ? ? ?", H, H),
        ("? ? ? ? ?", U, U),
        ("b ? b ? b", H, U),
        ("b", U, U),
        ("b b b", U, U),
        ("g", U, H),
        ("b", None, D),
        ("?", None, None),
        ("b", D, D),
    ],
)
def test_one_check_decides_by_its_threshold(rounds, known, condition) -> None:
    assert after(rounds, (PATIENT,), known).condition is condition


@pytest.mark.parametrize(
    ("rounds", "condition", "detail"),
    [
        ("gg gg", H, ""),
        ("gb", D, "tcp :2: bad"),
        ("bg", U, "tcp :1: bad"),
        ("bg gg", U, "tcp :1: good"),
        ("bg gg gg", H, ""),
        ("bb bb bb", U, "tcp :1: bad"),
        ("bb bb gb gb", U, "tcp :2: bad"),
        ("bg gb gb", U, "tcp :2: bad"),
        ("bg gb gb gg", H, ""),
        ("b.", U, "tcp :1: bad"),
    ],
)
def test_one_of_several_checks_that_fails_is_enough(rounds, condition, detail) -> None:
    watched = after(rounds, (STRICT, PATIENT))
    assert (watched.condition, watched.detail) == (condition, detail)


@pytest.mark.parametrize(("rounds", "seconds"), [("gg gg", 30), ("gb", 3), ("bg", 3), ("bg gg", 3), ("bg gg gg", 30)])
def test_who_does_not_do_well_is_asked_as_often_as_its_checks_say(rounds, seconds) -> None:
    checks = (STRICT, PATIENT)
    assert vigil.rest(after(rounds, checks), checks, timedelta(seconds=30)) == timedelta(seconds=seconds)


def test_nobody_is_asked_less_often_than_policy_says() -> None:
    assert vigil.rest(after("b", (PATIENT,)), (PATIENT,), timedelta(seconds=1)) == timedelta(seconds=1)


@given(st.lists(st.sampled_from(["gg", "gb", "bg", "bb", "??", "g?", "?b", ".g", "b."]), max_size=25))
def test_whatever_came_before_good_answers_in_a_row_make_it_healthy(rounds: list[str]) -> None:
    assert after(" ".join([*rounds, "gg", "gg"]), (STRICT, PATIENT)).condition is H


@given(st.lists(st.sampled_from(["??", "..", "?."]), max_size=10), st.sampled_from([H, D, U, None]))
def test_what_could_not_be_asked_changes_nothing(rounds: list[str], known: Condition | None) -> None:
    assert after(" ".join(rounds), (STRICT, PATIENT), known).condition is known
