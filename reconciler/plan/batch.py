"""One batch: change it, then see that it is healthy."""

from collections.abc import Iterator, Sequence

from reconciler.model.health import HealthCheck
from reconciler.model.plan import Apply, Probe, Step, TargetChanges


def batch_steps(number: int, targets: Sequence[TargetChanges], checks: tuple[HealthCheck, ...]) -> Iterator[Step]:
    """Yield the apply step of a batch, and a probe step where there are health checks."""
    if not targets:
        return
    yield Apply(number, tuple(targets))
    if checks:
        yield Probe(number, tuple(each.target for each in targets), checks)
