"""Probe: the health checks of a batch. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from reconciler import gate
from reconciler.execute.moves import Ask, End, Fail, GiveUp, Move, Sleep
from reconciler.execute.steps.record import left, tolerant
from reconciler.model.duration import format_duration
from reconciler.model.health import CheckProgress
from reconciler.model.plan import Plan, Probe
from reconciler.model.rollout import Rollout, StepRecord, TargetFailure
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.verify import health as verify


def go_on(rollout: Rollout, plan: Plan, step: Probe, record: StepRecord, now: datetime) -> Move:
    """Return what is next: ask what is due, until each check has passed or failed, or the deadline is over."""
    undecided = _undecided(rollout, step, record)
    if due := tuple(progress for progress in undecided if progress.next_at <= now):
        return Ask(step, due)
    match gate.health(undecided, rollout.deadline, now):
        case gate.Open():
            return End(step)
        case gate.Pending(until):
            names = ", ".join(dict.fromkeys(one.target for one in undecided))
            said = next((f": {one.detail}" for one in undecided if one.detail), "")
            return Sleep(until, WaitingOn(Reason.HEALTH, f"{names} not healthy yet{said}", rollout.deadline))
        case gate.Closed(reason) if not tolerant(rollout, plan):
            return Fail(
                f"no progress for {format_duration(plan.policy.progress_deadline)}, still not healthy: {reason}"
            )
        case gate.Closed():
            return GiveUp(_too_late(step, undecided))
        case never:
            assert_never(never)


def _undecided(rollout: Rollout, step: Probe, record: StepRecord) -> tuple[CheckProgress, ...]:
    """Return the checks that have neither passed nor failed, on targets that have not failed."""
    names = left(rollout, step.targets)
    return tuple(
        one
        for one in record.progress
        if one.target in names and verify.judge(one, step.checks[one.check]) is verify.Judgement.UNDECIDED
    )


def _too_late(step: Probe, undecided: Sequence[CheckProgress]) -> tuple[TargetFailure, ...]:
    first = {one.target: one for one in reversed(undecided)}
    return tuple(
        TargetFailure(
            target=target,
            batch=step.batch,
            reason=f"health check {step.checks[one.check]} did not pass in time on {target}: "
            f"{one.detail or 'no answer yet'}",
        )
        for target, one in sorted(first.items())
    )
