"""Health checks, looks, figures and hooks have answered: what is written. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.execute.entry import Entry, patience, record_of, resting
from reconciler.execute.retry import Jitter, again_at
from reconciler.execute.steps import hook
from reconciler.execute.steps.confirm import AsWanted, Differs, Inspected, NotSeen
from reconciler.model.analysis import Analysis, AnalysisRun
from reconciler.model.event import Measured
from reconciler.model.health import CheckProgress, CheckResult
from reconciler.model.plan import Confirm, Plan, Probe
from reconciler.model.rollout import Rollout, State, TargetFailure
from reconciler.verify import analysis as figures
from reconciler.verify import health as verify

Answers = Mapping[str, tuple[figures.Answer, figures.Answer | None]]
"""What monitoring said of each analysis, by name: of the canary, and of the baseline where it is compared."""


def asked(rollout: Rollout, plan: Plan, answers: Mapping[CheckProgress, CheckResult], now: datetime) -> Entry:
    """A round of checks was asked: where they stand, who has failed by it, and who has become healthy."""
    record = record_of(rollout)
    step = plan.steps[rollout.cursor]
    if not isinstance(step, Probe):
        raise TypeError(f"internal error: step {rollout.cursor} of plan {plan.id} asks no checks")
    progress = tuple(
        verify.answered(one, step.checks[one.check], answers[one], now) if one in answers else one
        for one in record.progress
    )
    failed = {failure.target for failure in rollout.failures}
    failures = []
    for one in progress:
        judgement = verify.judge(one, step.checks[one.check])
        if judgement is verify.Judgement.FAILED and one.target not in failed:
            failed.add(one.target)
            reason = f"health check {step.checks[one.check]} failed on {one.target}: {one.detail}"
            failures.append(TargetFailure(target=one.target, batch=step.batch, reason=reason))
    deadline = rollout.deadline
    if rollout.state is State.RUNNING and _healthy(step, progress) - _healthy(step, record.progress):
        deadline = now + patience(rollout, plan)
    after = replace(
        rollout,
        step=replace(record, progress=progress),
        failures=(*rollout.failures, *failures),
        deadline=deadline,
    )
    return resting(after, plan, (), now)


def inspected(rollout: Rollout, plan: Plan, seen: Mapping[str, Inspected], now: datetime, jitter: Jitter) -> Entry:
    """Targets were looked at again: which are as the plan wants them, which have failed by not being so."""
    record, step = record_of(rollout), plan.steps[rollout.cursor]
    batch = step.batch if isinstance(step, Confirm) else 0
    failures, good, unseen = [], [], ""
    for target, found in seen.items():
        match found:
            case AsWanted():
                good.append(target)
            case Differs(what):
                failures.append(TargetFailure(target=target, batch=batch, reason=what))
            case NotSeen(reason):
                unseen = f"{target}: {reason}"
    record = replace(
        record,
        targets_done=(*record.targets_done, *good),
        attempt=record.attempt + 1,
        again_at=again_at(rollout, record.attempt, now, jitter) if unseen else None,
        note=unseen,
    )
    return resting(replace(rollout, step=record, failures=(*rollout.failures, *failures)), plan, (), now)


def measured(rollout: Rollout, plan: Plan, asked_for: Sequence[Analysis], answers: Answers, now: datetime) -> Entry:
    """Analyses of the step in hand were measured: where they stand, and the evidence."""
    record = record_of(rollout)
    runs, events = _judged(rollout, record.runs, asked_for, answers, now)
    return resting(replace(rollout, step=replace(record, runs=runs)), plan, events, now)


def measured_beside(
    rollout: Rollout, plan: Plan, asked_for: Sequence[Analysis], answers: Answers, now: datetime
) -> Entry:
    """Analyses that go on during the whole rollout were measured: where they stand, and the evidence."""
    runs, events = _judged(rollout, rollout.background, asked_for, answers, now)
    return resting(replace(rollout, background=runs), plan, events, now)


def called(rollout: Rollout, plan: Plan, answer: hook.Answer, now: datetime, jitter: Jitter) -> Entry:
    """A hook has answered: it has said yes, or it is asked again later each time."""
    record = record_of(rollout)
    match answer:
        case hook.Yes(said):
            after = replace(record, effect_at=now, note=said)
        case hook.NotYet(reason):
            again = again_at(rollout, record.attempt, now, jitter)
            after = replace(record, attempt=record.attempt + 1, again_at=again, note=reason)
    return resting(replace(rollout, step=after), plan, (), now)


def _judged(
    rollout: Rollout, runs: Sequence[AnalysisRun], asked_for: Sequence[Analysis], answers: Answers, now: datetime
) -> tuple[tuple[AnalysisRun, ...], tuple[Measured, ...]]:
    by_name = {analysis.name: analysis for analysis in asked_for}
    after, events = [], []
    for run in runs:
        analysis = by_name.get(run.name)
        if analysis is None:
            after.append(run)
            continue
        answer, baseline = answers[run.name]
        judged, measurement = figures.measured(run, analysis, answer, baseline, now)
        after.append(judged)
        events.append(
            Measured(
                rollout=rollout.id,
                unit=rollout.unit,
                analysis=run.name,
                query=str(analysis.query),
                measurement=measurement,
            )
        )
    return tuple(after), tuple(events)


def _healthy(step: Probe, progress: Sequence[CheckProgress]) -> set[str]:
    not_yet = {
        one.target for one in progress if verify.judge(one, step.checks[one.check]) is not verify.Judgement.PASSED
    }
    return set(step.targets) - not_yet
