"""Analyses of a rollout: measurement after measurement, until there is a statement. Pure.

Limits are what is allowed: a run ends when *more* than that were failed or inconclusive, or more than that errors came
in a row. An error is no measurement: it counts for no limit but its own, and is asked again after ten seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.model.analysis import Analysis, AnalysisRun, Comparison, Measurement, Outcome
from reconciler.policy.result import numbers
from reconciler.ports.metrics import Value
from reconciler.verify.compare import compare
from reconciler.verify.judgement import Answer as Answer
from reconciler.verify.judgement import Judged, judged, shown
from reconciler.verify.score import Part, score

RETRY_AFTER = timedelta(seconds=10)
"""How long after an error it is asked again, whatever the interval."""

KEPT = 100
"""How many of the newest values on a side are compared."""

_WORST_LAST = (Outcome.SUCCESSFUL, Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the analyses of a step come to. ``score`` is there when they were weighed together."""

    outcome: Outcome
    reason: str
    score: float | None = None


def begin(analyses: Sequence[Analysis], now: datetime) -> tuple[AnalysisRun, ...]:
    """Return where each analysis stands before it was measured: due after its initial delay."""
    return tuple(AnalysisRun(name=each.name, next_at=now + each.initial_delay) for each in analyses)


def measured(
    run: AnalysisRun, analysis: Analysis, answer: Answer, baseline: Answer | None, at: datetime
) -> tuple[AnalysisRun, Measurement]:
    """Return where the run stands after one more answer, and the measurement that is the evidence.

    ``baseline`` is the answer to the comparison's query, None where there is none.
    """
    finding = judged(analysis, answer)
    if analysis.comparison is not None and isinstance(answer, Value) and finding.outcome is not Outcome.ERROR:
        run, finding = _compared(run, analysis.comparison, finding, (answer, baseline))
    measurement = Measurement(
        at=at,
        outcome=finding.outcome,
        value=shown(answer),
        detail=finding.detail,
        baseline=None if baseline is None else shown(baseline),
    )
    counted = _counted(run, measurement, at + _pause(analysis, finding.outcome))
    outcome, reason = _end(counted, analysis) or (None, "")
    return replace(counted, outcome=outcome, reason=reason), measurement


def conclude(runs: Sequence[AnalysisRun], analyses: Sequence[Analysis], passes_at: int | None) -> Conclusion | None:
    """Return what the runs (in the order of their analyses) come to, None while that is open.

    Without ``passes_at`` each has to be successful, and the first that is not decides. With it the successful weight
    has to be so many percent; what is inconclusive or could not be measured decides only if it tips the scale. An
    analysis with the weight 0 is told and decides nothing.
    """
    judges = [(run, each.weight) for run, each in zip(runs, analyses, strict=True) if each.weight]
    under_way = any(run.outcome is None for run in runs)
    told = "; ".join(run.reason for run, _ in judges if run.reason)
    if passes_at is None:
        worst = max((run.outcome for run, _ in judges if run.outcome), key=_WORST_LAST.index, default=None)
        if worst is not None and worst is not Outcome.SUCCESSFUL:
            reasons = "; ".join(run.reason for run, _ in judges if run.outcome is worst)
            return Conclusion(worst, reasons)
        return None if under_way else Conclusion(Outcome.SUCCESSFUL, told)
    found = score([Part(weight, run.outcome) for run, weight in judges])
    if found.most < passes_at:
        return Conclusion(Outcome.FAILED, f"score {found.most:.0f} at most, {passes_at} is needed: {told}", found.most)
    if under_way:
        return None
    if found.least >= passes_at:
        return Conclusion(Outcome.SUCCESSFUL, f"score {found.least:.0f} of {passes_at}: {told}", found.least)
    unknown = Outcome.ERROR if any(run.outcome is Outcome.ERROR for run, _ in judges) else Outcome.INCONCLUSIVE
    between = f"score between {found.least:.0f} and {found.most:.0f}, {passes_at} is needed"
    return Conclusion(unknown, f"{between}: {told}", found.least)


def _compared(
    run: AnalysisRun, asked: Comparison, finding: Judged, answers: tuple[Value, Answer | None]
) -> tuple[AnalysisRun, Judged]:
    """Add both sides' values, and fail what is significantly worse. What failed by itself stays failed."""
    answer, baseline = answers
    failed = finding.outcome is Outcome.FAILED
    if (baseline is None or isinstance(baseline, str)) and not failed:
        return run, Judged(Outcome.ERROR, f"the baseline has no answer: {baseline or 'it was not asked'}")
    there = numbers(baseline.value) if isinstance(baseline, Value) else ()
    run = replace(
        run,
        samples=(*run.samples, *numbers(answer.value))[-KEPT:],
        baseline=(*run.baseline, *there)[-KEPT:],
    )
    if too_few := _too_few(run, asked):
        return run, replace(finding, detail=f"{finding.detail}; {too_few}")
    found = compare(run.samples, run.baseline, asked)
    outcome = Outcome.FAILED if found.worse else finding.outcome
    words = "worse than the baseline" if found.worse else "not worse than the baseline"
    return run, Judged(outcome, f"{finding.detail}; {words}: {found}")


def _too_few(run: AnalysisRun, asked: Comparison) -> str | None:
    if min(len(run.samples), len(run.baseline)) >= asked.minimum:
        return None
    return (
        f"too few values to compare: {len(run.samples)} and {len(run.baseline)} of the baseline, "
        f"{asked.minimum} are needed"
    )


def _pause(analysis: Analysis, outcome: Outcome) -> timedelta:
    return RETRY_AFTER if outcome is Outcome.ERROR else analysis.interval


def _counted(run: AnalysisRun, measurement: Measurement, next_at: datetime) -> AnalysisRun:
    outcome = measurement.outcome
    error, good = outcome is Outcome.ERROR, outcome is Outcome.SUCCESSFUL
    return replace(
        run,
        next_at=next_at,
        latest=measurement,
        successful=run.successful + good,
        failed=run.failed + (outcome is Outcome.FAILED),
        inconclusive=run.inconclusive + (outcome is Outcome.INCONCLUSIVE),
        errors=run.errors + error,
        consecutive_errors=run.consecutive_errors + 1 if error else 0,
        consecutive_successes=run.consecutive_successes + 1 if good else 0,
    )


def _end(run: AnalysisRun, analysis: Analysis) -> tuple[Outcome, str] | None:
    return _over_a_limit(run, analysis) or _enough(run, analysis)


def _over_a_limit(run: AnalysisRun, analysis: Analysis) -> tuple[Outcome, str] | None:
    """The limits in the order in which one outranks the other; a negative one is none."""
    limits = (
        (Outcome.ERROR, run.consecutive_errors, analysis.consecutive_error_limit, "error{} in a row"),
        (Outcome.INCONCLUSIVE, run.inconclusive, analysis.inconclusive_limit, "inconclusive measurement{}"),
        (Outcome.FAILED, run.failed, analysis.failure_limit, "failed measurement{}"),
    )
    for outcome, count, limit, what in limits:
        if 0 <= limit < count:
            words = what.format("" if count == 1 else "s")
            latest = f"; the latest answer was {run.latest.value} ({run.latest.detail})" if run.latest else ""
            return outcome, f"{run.name}: {count} {words}, {limit} allowed{latest}"
    return None


def _enough(run: AnalysisRun, analysis: Analysis) -> tuple[Outcome, str] | None:
    count = run.successful + run.failed + run.inconclusive
    wanted = analysis.consecutive_success_limit
    too_few = _too_few(run, analysis.comparison) if analysis.comparison else None
    if wanted is not None and run.consecutive_successes >= wanted and not too_few:
        return Outcome.SUCCESSFUL, f"{run.name}: {wanted} successful in a row"
    if analysis.count is None or count < analysis.count:
        return None
    if too_few:
        return Outcome.INCONCLUSIVE, f"{run.name}: {too_few}"
    if wanted is not None:
        outcome = Outcome.INCONCLUSIVE if analysis.failure_limit >= 0 else Outcome.FAILED
        return outcome, f"{run.name}: not {wanted} successful in a row among {count} measurements"
    return Outcome.SUCCESSFUL, f"{run.name}: {run.successful} of {count} measurements successful"
