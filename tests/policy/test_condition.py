"""Conditions: what they mean, what is refused when they are read, and that what cannot be evaluated never holds."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.condition import ConditionMistake, Fault, Sort, compile, expression  # noqa: A004

CASES = yaml.safe_load(Path(__file__).with_name("conditions.yaml").read_text())
SORTS = {"number": Sort.NUMBER, "numbers": Sort.NUMBERS, "json": Sort.JSON}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['sort']}: {case['text']} of {case.get('result')}")
def test_conditions_mean_what_the_table_says(case: dict[str, Any]) -> None:
    variables = {"result": SORTS[case["sort"]]}
    if "mistake" in case:
        with pytest.raises(ConditionMistake) as caught:
            compile(case["text"], variables)
        assert case["mistake"] in str(caught.value)
        assert [caught.value.line, caught.value.column] == case["at"]
        assert case.get("hint", "") in (caught.value.suggestion or "")
        return
    condition = compile(case["text"], variables)
    if "fault" in case:
        with pytest.raises(Fault, match=case["fault"]):
            condition.holds({"result": case["result"]})
    else:
        assert condition.holds({"result": case["result"]}) is case["holds"]


def test_a_variable_that_is_not_given_is_a_fault() -> None:
    with pytest.raises(Fault, match="result"):
        compile("result < 0.05", {"result": Sort.NUMBER}).holds({})


def test_an_expression_takes_a_value_out_of_json() -> None:
    body = {"data": {"rates": [0.5, 1, None], "name": "shop"}}
    assert expression("body.data.rates[0]", ("body", Sort.JSON)).value({"body": body}) == 0.5
    assert expression("body.data", ("body", Sort.JSON)).value({"body": body}) == body["data"]
    assert expression("body.data.rates.map(x, x == null)", ("body", Sort.JSON)).value({"body": body})[2] is True


def test_work_without_end_is_cut_off() -> None:
    many = f"[{','.join(['1'] * 100)}]"
    endless = f"{many}.all(a, {many}.all(b, {many}.all(c, {many}.all(d, a + b + c + d + int(result) > 0))))"
    with pytest.raises(Fault, match=r"[Bb]udget"):
        compile(endless, {"result": Sort.NUMBER}).holds({"result": 1.0})


@given(st.text(max_size=30))
def test_any_text_is_a_condition_or_a_mistake_with_a_place(text: str) -> None:
    place = (1, 1)
    try:
        compile(text, {"result": Sort.NUMBER})
    except ConditionMistake as mistake:
        place = (mistake.line, mistake.column)
    assert min(place) >= 1


@given(st.floats(), st.floats())
def test_comparisons_are_those_of_floats(one: float, other: float) -> None:
    condition = compile("result < limit", {"result": Sort.NUMBER, "limit": Sort.NUMBER})
    assert condition.holds({"result": one, "limit": other}) is (one < other)
