"""Every target in one batch."""

from collections.abc import Iterator, Sequence

from reconciler.model.health import HealthCheck
from reconciler.model.plan import Step, TargetChanges
from reconciler.model.policy import AllAtOnce
from reconciler.plan.batch import batch_steps


def steps(_strategy: AllAtOnce, targets: Sequence[TargetChanges], checks: tuple[HealthCheck, ...]) -> Iterator[Step]:
    """Yield one apply and its health checks."""
    yield from batch_steps(1, targets, checks)
