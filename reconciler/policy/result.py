"""What ``result`` is in the conditions of an analysis.

Prometheus and Datadog answer numbers: a condition is over one of them (``result < 0.05``) or over the list of them
(``result[0] < 0.05``, ``result.all(each, each < 0.05)``), and which it is follows from how it is written. A document
over HTTP and what a command prints may be anything: there ``result`` is JSON, and only known when it has come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from reconciler.model.analysis import CommandQuery, DatadogQuery, HttpQuery, PrometheusQuery, Query, StateQuery
from reconciler.model.canonical import Json
from reconciler.policy.condition import Condition, ConditionMistake, Fault, Sort, compile  # noqa: A004

_TOO_LARGE = 1e150

_SORTS: dict[type[Query], tuple[Sort, ...]] = {
    PrometheusQuery: (Sort.NUMBER, Sort.NUMBERS),
    DatadogQuery: (Sort.NUMBER, Sort.NUMBERS),
    HttpQuery: (Sort.JSON,),
    CommandQuery: (Sort.JSON,),
    StateQuery: (Sort.JSON,),
}


@dataclass(frozen=True, slots=True)
class Judging:
    """A condition over ``result``, and what it takes ``result`` for."""

    condition: Condition
    sort: Sort

    def holds(self, answer: Json) -> bool:
        """Return whether the answer is as the condition says; raise Fault."""
        return self.condition.holds({"result": _as(self.sort, answer)})


def judging(text: str, asked: type[Query]) -> Judging:
    """Compile a condition over what a query of this sort answers; raise ConditionMistake, the one that got farthest."""
    return _judging(text, _SORTS[asked])


@lru_cache(maxsize=4096)
def _judging(text: str, sorts: tuple[Sort, ...]) -> Judging:
    mistakes: list[ConditionMistake] = []
    for sort in sorts:
        try:
            return Judging(compile(text, {"result": sort}), sort)
        except ConditionMistake as mistake:
            mistakes.append(mistake)
    raise max(mistakes, key=lambda mistake: (mistake.line, mistake.column))


def numbers(answer: Json) -> tuple[float, ...]:
    """Return the finite numbers in an answer, for comparing them; () when it is not made of numbers.

    Those that are too large to be added up are left out too.
    """
    several = answer if isinstance(answer, Sequence) and not isinstance(answer, str) else [answer]
    found = [float(each) for each in several if isinstance(each, int | float) and not isinstance(each, bool)]
    return tuple(each for each in found if abs(each) < _TOO_LARGE) if len(found) == len(several) else ()


def _as(sort: Sort, answer: Json) -> Json:
    match sort:
        case Sort.NUMBERS if isinstance(answer, int | float) and not isinstance(answer, bool):
            return [answer]
        case Sort.NUMBER if isinstance(answer, list | tuple):
            if len(answer) == 1:
                return answer[0]
            raise Fault(
                f"the answer has {len(answer)} numbers and the condition is over one; put them together in the query, "
                "or write result[0] or result.all(each, ...)"
            )
        case _:
            return answer
