"""Batch after batch, each healthy before the next is touched."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from reconciler.model.health import HealthCheck
from reconciler.model.plan import Step, TargetChanges
from reconciler.model.policy import Rolling
from reconciler.model.step import Bake
from reconciler.plan.batch import batch_steps
from reconciler.policy.amount import at_least_one


def steps(strategy: Rolling, targets: Sequence[TargetChanges], checks: tuple[HealthCheck, ...]) -> Iterator[Step]:
    """Yield apply and health checks batch by batch, with the pause between two batches."""
    size = at_least_one(strategy.batch_size, len(targets))
    for number, start in enumerate(range(0, len(targets), size), start=1):
        if number > 1 and strategy.pause > timedelta(0):
            yield Bake(strategy.pause)
        yield from batch_steps(number, targets[start : start + size], checks)
