"""How many targets may fail before a rollout does. Limits are what is allowed: it fails when more do."""

from collections import Counter
from collections.abc import Sequence

from reconciler.model.policy import FailureBudget
from reconciler.model.rollout import TargetFailure

_NAMED = 8
"""So many targets are named in a sentence."""


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
    """Return the reasons in one line. What failed alike on several targets is told once."""
    alike: dict[str, list[TargetFailure]] = {}
    for failure in failures:
        alike.setdefault(failure.reason.replace(failure.target, "\0"), []).append(failure)
    return "; ".join(first.reason + _the_same(others) for first, *others in alike.values())


def _the_same(others: Sequence[TargetFailure]) -> str:
    names = [failure.target for failure in others]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f" (the same on {', '.join(names[:_NAMED])}{more})" if names else ""


def _beyond(failed: int, allowed: int, where: str) -> str:
    return f" ({failed} failed {where}, {allowed} may)" if allowed else ""
