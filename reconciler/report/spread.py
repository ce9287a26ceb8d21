"""How durations are spread: their number, mean, median and 95th percentile. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Figures of ``count`` durations; None of each where there are none.

    The percentile is by nearest rank: a duration that really was, and not one between two.
    """

    count: int = 0
    mean: timedelta | None = None
    median: timedelta | None = None
    p95: timedelta | None = None


NO_TIMES = Spread()


def spread(durations: Iterable[timedelta]) -> Spread:
    """Return how the durations are spread; those below zero (clocks that disagree) count as none at all."""
    ordered = sorted(max(each, timedelta(0)) for each in durations)
    if not ordered:
        return NO_TIMES
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return Spread(
        count=len(ordered),
        mean=sum(ordered, timedelta(0)) / len(ordered),
        median=median,
        p95=ordered[ceil(0.95 * len(ordered)) - 1],
    )
