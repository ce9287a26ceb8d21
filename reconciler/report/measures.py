"""The four DORA measures, and what is beside them, of the deployments of a period. Pure.

Definitions and their sources are in docs/reports.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reconciler.model.change import Cause
from reconciler.model.chronicle import Ran
from reconciler.model.rollout import State
from reconciler.report.deployments import Deployment
from reconciler.report.period import Period
from reconciler.report.spread import NO_TIMES, Spread, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Rates are from 0 to 1, None where there is nothing to have a rate of.

    ``per_day`` is the deployment frequency. ``open_failures`` are deployments that failed and whose unit has not done
    well since. ``heals`` are rollouts that brought drift back.
    """

    deployments: int = 0
    succeeded: int = 0
    failed: int = 0
    reverted: int = 0
    open_failures: int = 0
    heals: int = 0
    per_day: float = 0.0
    lead: Spread = NO_TIMES
    restore: Spread = NO_TIMES
    took: Spread = NO_TIMES

    @property
    def failure_rate(self) -> float | None:
        """Which part of the deployments failed, at once or later."""
        return _rate(self.failed, self.deployments)

    @property
    def success_rate(self) -> float | None:
        """Which part of the deployments succeeded and stayed."""
        return _rate(self.succeeded, self.deployments)

    @property
    def revert_rate(self) -> float | None:
        """Which part of the deployments was taken back, by the rollout itself or later."""
        return _rate(self.reverted, self.deployments)


def measures(found: Sequence[Deployment], rollouts: Iterable[Ran], period: Period) -> Measures:
    """Return the measures of those deployments that ended in the period."""
    within = [each for each in found if period.has(each.ended_at)]
    failed = [each for each in within if each.failed]
    return Measures(
        deployments=len(within),
        succeeded=len(within) - len(failed),
        failed=len(failed),
        reverted=sum(each.ran.state in (State.REVERTED, State.SUCCEEDED) for each in failed),
        open_failures=sum(each.restored_at is None for each in failed),
        heals=sum(each.cause is Cause.DRIFT and _ended_in(each, period) for each in rollouts),
        per_day=len(within) / period.days if period.days else 0.0,
        lead=spread(each.lead for each in within if each.lead is not None),
        restore=spread(each.restored_at - each.failed_at for each in failed if each.restored_at and each.failed_at),
        took=spread(each.ended_at - each.ran.started_at for each in within),
    )


def by(
    named: Callable[[Ran], str], found: Sequence[Deployment], rollouts: Sequence[Ran], period: Period
) -> tuple[tuple[str, Measures], ...]:
    """Return the measures of each group of rollouts that have a name in common, by name."""
    some: defaultdict[str, list[Deployment]] = defaultdict(list)
    ran: defaultdict[str, list[Ran]] = defaultdict(list)
    for each in found:
        if period.has(each.ended_at):
            some[named(each.ran)].append(each)
    for one in rollouts:
        ran[named(one)].append(one)
    return tuple((name, measures(some[name], ran[name], period)) for name in sorted(some))


def _ended_in(ran: Ran, period: Period) -> bool:
    return ran.ended_at is not None and period.has(ran.ended_at)


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
