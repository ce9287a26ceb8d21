"""Numbers and percentages of things."""

from reconciler.model.policy import Amount


def at_least_one(amount: Amount, of: int) -> int:
    """Return how many of ``of`` things the amount means, never less than one.

    Percentages round up, as Kubernetes rounds maxSurge: 20 % of 3 is 1, and a batch is never empty.
    """
    count = -(-of * amount.value // 100) if amount.percent else amount.value
    return max(1, count)


def at_most(amount: Amount, of: int) -> int:
    """Return how many of ``of`` things are allowed: percentages round up, and nothing stays nothing."""
    return at_least_one(amount, of) if amount.value else 0


def rounded_down(amount: Amount, of: int) -> int:
    """Return how many of ``of`` things the amount means; percentages round down, as Kubernetes' maxUnavailable."""
    return of * amount.value // 100 if amount.percent else amount.value
