"""The numbers that a rollout was judged by, against what they were to be. Pure."""

from collections.abc import Sequence

from reconciler.model.analysis import Analysis, Outcome
from reconciler.model.event import Measured
from reconciler.model.notification import Figure
from reconciler.model.plan import Plan
from reconciler.model.step import Analyse

_GOOD = {Outcome.SUCCESSFUL: True, Outcome.FAILED: False, Outcome.INCONCLUSIVE: None, Outcome.ERROR: None}


def figures(measured: Sequence[Measured], plan: Plan | None) -> tuple[Figure, ...]:
    """Return the newest measurement of each analysis, in the order in which they were first measured."""
    wanted = {each.name: _wanted(each) for each in _analyses(plan)} if plan else {}
    newest = {each.analysis: each.measurement for each in measured}
    return tuple(
        Figure(name=name, seen=one.value or one.detail, wanted=wanted.get(name, ""), good=_GOOD[one.outcome])
        for name, one in newest.items()
    )


def _analyses(plan: Plan) -> Sequence[Analysis]:
    steps = (each for step in plan.steps if isinstance(step, Analyse) for each in step.analyses)
    return (*plan.background, *steps)


def _wanted(analysis: Analysis) -> str:
    return analysis.success or (f"not {analysis.failure}" if analysis.failure else "")
