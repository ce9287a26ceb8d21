"""Analyse: figures that decide, and those that are watched during the whole rollout. Pure."""

from collections.abc import Sequence
from datetime import datetime

from reconciler.execute.moves import End, Fail, Measure, MeasureBeside, Move, Sleep
from reconciler.execute.steps.decisions import promoted, promoted_fully, rejected
from reconciler.execute.steps.record import in_hand
from reconciler.model.analysis import Analysis, AnalysisRun, Outcome
from reconciler.model.plan import Plan
from reconciler.model.rollout import Decided, Rollout, StepRecord
from reconciler.model.step import DAY, Analyse
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.verify import analysis as verify


def go_on(rollout: Rollout, step: Analyse, record: StepRecord, now: datetime) -> Move:
    """Return what is next: measure what is due, until all of it together amounts to something."""
    if reason := rejected(rollout):
        return Fail(reason)
    if promoted_fully(rollout):
        return End(step)
    concluded = verify.conclude(record.runs, step.analyses, step.passes_at)
    if concluded is None:
        return _under_way(step, record, now)
    unclear = concluded.outcome is Outcome.INCONCLUSIVE
    if concluded.outcome is Outcome.SUCCESSFUL or (unclear and promoted(rollout)):
        return End(step)
    if unclear:
        until = max(since(record.runs, record.started_at), record.started_at) + step.within
        return _a_person_decides(rollout, until, concluded.reason, now)
    return Fail(concluded.reason)


def _under_way(step: Analyse, record: StepRecord, now: datetime) -> Move:
    if measured := due(record.runs, step.analyses, now):
        return Measure(measured)
    until = soonest(record.runs) or now
    under_way = [_so_far(run, each) for run, each in zip(record.runs, step.analyses, strict=True) if not run.outcome]
    detail = "figures are not all in: " + ", ".join(under_way)
    return Sleep(until, WaitingOn(Reason.ANALYSIS, detail, until))


def _so_far(run: AnalysisRun, analysis: Analysis) -> str:
    measured = run.successful + run.failed + run.inconclusive
    of = f" of {analysis.count}" if analysis.count else ""
    if not run.consecutive_errors or run.latest is None:
        return f"{run.name} ({measured}{of})"
    return f"{run.name} ({measured}{of}; the last {run.consecutive_errors} could not be had: {run.latest.detail})"


def beside(rollout: Rollout, plan: Plan, move: Move, now: datetime) -> Move:
    """Return the move, unless what goes on beside all steps comes first.

    Figures that are bad fail the rollout wherever it is, ones that say nothing keep it from beginning another step.
    """
    runs = rollout.background
    if bad := next((run for run in runs if run.outcome in (Outcome.FAILED, Outcome.ERROR)), None):
        return Fail(f"analysis {bad.name}: {bad.reason}")
    if measured := due(runs, plan.background, now):
        return MeasureBeside(measured)
    if in_hand(rollout) is None and (waits := _unclear(rollout, now)):
        move = waits
    following = soonest(runs)
    if isinstance(move, Sleep) and following and following < move.until:
        return Sleep(following, move.waiting)
    return move


def due(runs: Sequence[AnalysisRun], analyses: Sequence[Analysis], now: datetime) -> tuple[Analysis, ...]:
    """Return the analyses that have to be measured now."""
    names = {run.name for run in runs if run.outcome is None and run.next_at <= now}
    return tuple(analysis for analysis in analyses if analysis.name in names)


def soonest(runs: Sequence[AnalysisRun]) -> datetime | None:
    """Return when the next measurement is due, None when all have come to an end."""
    return min((run.next_at for run in runs if run.outcome is None), default=None)


def since(runs: Sequence[AnalysisRun], otherwise: datetime) -> datetime:
    """Return when the newest figure came in."""
    return max((run.latest.at for run in runs if run.latest), default=otherwise)


def _a_person_decides(rollout: Rollout, until: datetime, reason: str, now: datetime) -> Move:
    commands = f"reconciler promote {rollout.unit}, or reconciler abort {rollout.unit}"
    if now >= until:
        return Fail(f"figures say neither yes nor no ({reason}), and nobody has decided in time")
    detail = f"figures say neither yes nor no ({reason}); a person has to look and decide: {commands}"
    return Sleep(until, WaitingOn(Reason.UNCLEAR, detail, until))


def _unclear(rollout: Rollout, now: datetime) -> Move | None:
    """What a person decided since a figure came in is about that figure, whichever step was in hand."""
    for run in rollout.background:
        begun = since([run], now)
        said = [one for one in rollout.decisions if one.plan == rollout.plan and one.at >= begun]
        accepted = any(one.decided in (Decided.PROMOTE, Decided.PROMOTE_FULLY) for one in said)
        if run.outcome is not Outcome.INCONCLUSIVE or accepted or promoted_fully(rollout):
            continue
        if no := next((one for one in said if one.decided is Decided.REJECT), None):
            return Fail(f"rejected by {no.author}: {no.reason}")
        return _a_person_decides(rollout, begun + DAY, f"analysis {run.name}: {run.reason}", now)
    return None
