"""Two samples compared: the figures against a table from elsewhere, and what follows from them."""

from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.analysis import CommandQuery, Comparison, Direction
from reconciler.verify.compare import compare

CASES = yaml.safe_load(Path(__file__).with_name("mann_whitney.yaml").read_text())
BASELINE = CommandQuery(command=("none",))
SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)
APART = st.lists(st.integers(-10_000, 10_000), min_size=8, max_size=24, unique=True)


def asked(direction: Direction = Direction.INCREASE, effect: float = 0.1, confidence: float = 0.98) -> Comparison:
    return Comparison(baseline=BASELINE, direction=direction, effect=effect, confidence=confidence)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_u_and_p_are_those_of_the_table(case: dict[str, Any]) -> None:
    found = compare(case["canary"], case["baseline"], asked())
    assert found.u == case["u"]
    assert found.p == pytest.approx(case["p"], rel=1e-12, abs=1e-15)


FAST, SLOW = [1.0 + n / 100 for n in range(10)], [2.0 + n / 100 for n in range(10)]


@pytest.mark.parametrize(
    ("canary", "baseline", "how", "worse"),
    [
        (SLOW, FAST, asked(), True),
        (FAST, SLOW, asked(), False),
        (FAST, SLOW, asked(Direction.DECREASE), True),
        (SLOW, FAST, asked(Direction.DECREASE), False),
        (SLOW, FAST, asked(Direction.EITHER), True),
        (FAST, SLOW, asked(Direction.EITHER), True),
        (FAST, FAST, asked(Direction.EITHER, effect=0), False),
        (SLOW, FAST, asked(effect=0.9), True),
        (SLOW, FAST, asked(effect=1.0), False),  # significant, and the effect is too small: 96 %
        (SLOW[:3], FAST[:3], asked(), False),  # large, and by too few to be significant: p is 0.1
        (SLOW[:3], FAST[:3], asked(confidence=0.9), True),
        ([0.1] * 10, [0.0] * 10, asked(effect=1000), True),  # from nothing to something is a large effect
        ([0.0] * 10, [0.0] * 10, asked(effect=0), False),
        ([-1.0] * 10, [0.0] * 10, asked(Direction.DECREASE, effect=1000), True),
        ([-1.0 - n / 100 for n in range(10)], [-2.0 - n / 100 for n in range(10)], asked(), True),  # negative means
    ],
)
def test_worse_is_significant_and_large_and_on_the_bad_side(
    canary: list[float], baseline: list[float], how: Comparison, *, worse: bool
) -> None:
    assert compare(canary, baseline, how).worse is worse


def test_one_figure_that_jumps_does_not_make_it_worse() -> None:
    """Ranks are one half and means the other: an outlier moves the mean and hardly a rank."""
    assert not compare([*FAST[:9], 100.0], FAST, asked()).worse


def test_many_small_shifts_do_not_make_it_worse() -> None:
    shifted = [each + 0.05 for each in FAST * 5]
    found = compare(shifted, FAST * 5, asked())
    assert found.p < 0.001
    assert not found.worse


def test_the_evidence_names_every_figure() -> None:
    said = str(compare(SLOW, FAST, asked()))
    assert said == ("10 and 10 values, U 100, p 1.1e-05, shift 1 (0.96 to 1.04 with 98 %), means +96%"), said


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        compare([], [1.0], asked())


@given(SAMPLES, SAMPLES)
def test_the_other_way_round_everything_is_the_other_way_round(one: list[float], other: list[float]) -> None:
    there, back = compare(one, other, asked()), compare(other, one, asked())
    assert there.u + back.u == len(one) * len(other)
    assert there.p == pytest.approx(back.p)
    assert there.shift == pytest.approx(-back.shift)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


@given(SAMPLES, SAMPLES)
def test_the_shift_is_the_middle_of_all_differences_and_in_its_interval(one: list[float], other: list[float]) -> None:
    found = compare(one, other, asked())
    assert found.shift == median(a - b for a, b in product(one, other))
    assert found.low <= found.shift <= found.high
    assert 0 <= found.p <= 1


@given(APART, st.integers(4, 20))
def test_the_interval_leaves_out_zero_just_when_the_difference_is_significant(values: list[int], cut: int) -> None:
    canary, baseline = values[: cut % (len(values) - 7) + 4], values[cut % (len(values) - 7) + 4 :]
    if min(len(canary), len(baseline)) < 4 or max(len(canary), len(baseline)) > 20:
        return
    found = compare(canary, baseline, asked(confidence=0.95))
    assert (found.p < 1 - found.confidence) is (found.low > 0 or found.high < 0)
