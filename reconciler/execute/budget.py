"""How many targets may fail before a rollout does. Limits are what is allowed: it fails when more do."""

from collections import Counter
from collections.abc import Sequence

from reconciler.model.policy import FailureBudget
from reconciler.model.rollout import TargetFailure


def exceeded(failures: Sequence[TargetFailure], budget: FailureBudget) -> str | None:
    """Return why the budget does not allow these failures, None when it does."""
    if not failures:
        return None
    if len(failures) > budget.total:
        return listed(failures) + _beyond(len(failures), budget.total, "in all")
    batch, most = Counter(failure.batch for failure in failures).most_common(1)[0]
    if most > budget.per_batch:
        return listed(failures) + _beyond(most, budget.per_batch, f"in batch {batch}")
    return None


def listed(failures: Sequence[TargetFailure]) -> str:
    """Return the reasons in one line."""
    return "; ".join(failure.reason for failure in failures)


def _beyond(failed: int, allowed: int, where: str) -> str:
    return f" ({failed} failed {where}, {allowed} may)" if allowed else ""
