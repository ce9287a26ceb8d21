"""One answer of a monitoring system, judged by the conditions of its analysis. Pure.

Rules: with both conditions, ``failure`` decides first, and neither of them is inconclusive; with one alone, its
opposite decides. A condition that has no value for the answer is an error, and so is no answer.
"""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.analysis import Analysis, Outcome
from reconciler.model.canonical import Json
from reconciler.policy.condition import ConditionMistake, Fault
from reconciler.policy.result import judging
from reconciler.ports.metrics import NoData, Reading, Value

Answer: TypeAlias = Reading | str
"""What came when it was asked; text is the error for which nothing came."""

_SHOWN_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """What an answer amounts to, and why in words."""

    outcome: Outcome
    detail: str


def judged(analysis: Analysis, answer: Answer) -> Judged:
    """Return what the answer amounts to, without comparing it."""
    match answer:
        case str():
            return Judged(Outcome.ERROR, answer)
        case NoData():
            return Judged(analysis.on_no_data, f"no data: {answer.detail}")
        case Value():
            try:
                return _by_conditions(analysis, answer.value)
            except (Fault, ConditionMistake) as error:
                return Judged(Outcome.ERROR, f"the answer {shown(answer)} cannot be judged: {error}")


def shown(answer: Answer) -> str:
    """Return an answer in words, cut when it is long."""
    match answer:
        case str():
            return "no answer"
        case NoData():
            return "no data"
        case Value():
            text = _words(answer.value)
            return text if len(text) <= _SHOWN_AT_MOST else text[: _SHOWN_AT_MOST - 3] + "..."


def _words(value: Json) -> str:
    match value:
        case bool() | None:
            return str(value).lower().replace("none", "null")
        case int() | float():
            return f"{value:.6g}"
        case str():
            return value
        case dict():
            return "{" + ", ".join(f"{key}: {_words(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_words(each) for each in value) + "]"
        case _:
            return str(value)


def _by_conditions(analysis: Analysis, value: Json) -> Judged:
    asked = type(analysis.query)
    # Both are asked before either decides: one that has no value for the answer must not go unseen.
    fine = judging(analysis.success, asked).holds(value) if analysis.success is not None else None
    bad = judging(analysis.failure, asked).holds(value) if analysis.failure is not None else None
    match fine, bad:
        case _, True:
            return Judged(Outcome.FAILED, f"{analysis.failure}")
        case True, _:
            return Judged(Outcome.SUCCESSFUL, f"{analysis.success}")
        case None, False:
            return Judged(Outcome.SUCCESSFUL, f"not {analysis.failure}")
        case False, None:
            return Judged(Outcome.FAILED, f"not {analysis.success}")
        case False, False:
            return Judged(Outcome.INCONCLUSIVE, f"neither {analysis.success} nor {analysis.failure}")
        case _:
            return Judged(Outcome.INCONCLUSIVE, "there is no condition to judge it by")
