"""Health checks: thresholds over answers in a row. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from reconciler.model.health import CheckProgress, CheckResult, HealthCheck


class Judgement(StrEnum):
    """What the answers of one check on one target amount to."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"


def begin(targets: Sequence[str], checks: Sequence[HealthCheck], now: datetime) -> tuple[CheckProgress, ...]:
    """Return where every check on every target stands before it was asked: due after its initial delay."""
    return tuple(
        CheckProgress(target=target, check=index, next_at=now + check.timing.initial_delay)
        for target in targets
        for index, check in enumerate(checks)
    )


def judge(progress: CheckProgress, check: HealthCheck) -> Judgement:
    """Return whether enough answers in a row were the same."""
    if progress.successes >= check.timing.success_threshold:
        return Judgement.PASSED
    if progress.failures >= check.timing.failure_threshold:
        return Judgement.FAILED
    return Judgement.UNDECIDED


def answered(progress: CheckProgress, check: HealthCheck, result: CheckResult, asked_at: datetime) -> CheckProgress:
    """Return where the check stands after one more answer. An answer of the other sort begins the count again."""
    if result.pending:
        return replace(progress, successes=0, failures=0, next_at=asked_at + check.timing.period, detail=result.detail)
    return replace(
        progress,
        successes=progress.successes + 1 if result.healthy else 0,
        failures=0 if result.healthy else progress.failures + 1,
        next_at=asked_at + check.timing.period,
        detail=result.detail,
    )
