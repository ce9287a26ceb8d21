"""How the app does on a target at rest, from what its checks answer there. Pure.

A target is unhealthy as soon as one check has failed by its threshold, as it would be in a rollout, and until every
such check has passed by its threshold again. It is degraded while a check has begun to fail. An answer that the target
could not even be asked for counts for neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.model.event import Condition
from reconciler.model.health import CheckProgress, CheckResult, HealthCheck
from reconciler.verify import health
from reconciler.verify.health import Judgement


@dataclass(frozen=True, slots=True)
class Watched:
    """Where the checks of one target stand, which of them (by index) have failed, and what follows.

    ``condition`` is None while nobody knows; ``detail`` says which check and what it saw, when not healthy.
    """

    progress: tuple[CheckProgress, ...]
    failed: frozenset[int] = frozenset()
    condition: Condition | None = None
    detail: str = ""


def begin(target: str, checks: Sequence[HealthCheck], known: Condition | None, now: datetime) -> Watched:
    """Return where a target stands before its checks were asked; ``known`` is what was written down of it last."""
    return Watched(progress=health.begin((target,), checks, now), condition=known)


def heard(
    watched: Watched, checks: Sequence[HealthCheck], answers: Mapping[int, CheckResult], now: datetime
) -> Watched:
    """Return where the target stands after these answers, by index of the check."""
    progress = tuple(
        health.answered(each, checks[each.check], answers[each.check], now)
        if each.check in answers and answers[each.check].asked
        else each
        for each in watched.progress
    )
    judged = {each.check: health.judge(each, checks[each.check]) for each in progress}
    passed = {index for index, judgement in judged.items() if judgement is Judgement.PASSED}
    newly = {index for index, judgement in judged.items() if judgement is Judgement.FAILED}
    failed = frozenset((watched.failed | newly) - passed)
    after = replace(watched, progress=progress, failed=failed)
    condition = _condition(after, passed=len(passed) == len(progress))
    return replace(after, condition=condition, detail=_detail(after, checks))


def rest(watched: Watched, checks: Sequence[HealthCheck], period: timedelta) -> timedelta:
    """Return how long the target may rest: while it does not do well, no longer than its checks say."""
    if watched.condition is Condition.HEALTHY:
        return period
    return min(period, *(check.timing.period for check in checks))


def _condition(watched: Watched, *, passed: bool) -> Condition | None:
    if watched.failed:
        return Condition.UNHEALTHY
    if passed:
        return Condition.HEALTHY
    begun = any(each.failures for each in watched.progress)
    # What was unhealthy when somebody looked last is not better for being asked anew.
    return Condition.DEGRADED if begun and watched.condition is not Condition.UNHEALTHY else watched.condition


def _detail(watched: Watched, checks: Sequence[HealthCheck]) -> str:
    order = sorted(watched.progress, key=lambda each: (each.check not in watched.failed, each.check))
    told = next((each for each in order if each.check in watched.failed or each.failures), None)
    return f"{checks[told.check]}: {told.detail}" if told else ""
