"""Two samples compared: Mann-Whitney's U, the shift between them with its interval, and the ratio of their means. Pure.

Without ties, and with 20 values on a side at most, the distribution of U is counted out; else it is the normal one,
corrected for ties and continuity.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, sqrt
from statistics import NormalDist, fmean, median

from reconciler.model.analysis import Comparison, Direction

_EXACT_TO = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The canary's values beside the baseline's.

    ``u`` counts the pairs in which the canary's is larger (a half for equal ones), ``p`` is two-sided. ``shift`` is
    Hodges and Lehmann's, from the baseline to the canary, and is between ``low`` and ``high`` with the ``confidence``.
    ``effect`` is the ratio of means minus one: infinite when the baseline's mean is zero and the canary's is not.
    ``worse``: significant, in the bad direction, and of the effect that was asked for.
    """

    sizes: tuple[int, int]
    u: float
    p: float
    shift: float
    low: float
    high: float
    confidence: float
    effect: float
    worse: bool

    def __str__(self) -> str:
        sizes = f"{self.sizes[0]} and {self.sizes[1]} values"
        between = f"{self.low:.4g} to {self.high:.4g} with {self.confidence * 100:g} %"
        return f"{sizes}, U {self.u:g}, p {self.p:.2g}, shift {self.shift:.4g} ({between}), means {self.effect:+.0%}"


def compare(canary: Sequence[float], baseline: Sequence[float], asked: Comparison) -> Compared:
    """Return how the canary's values differ from the baseline's; ValueError when there are none on a side."""
    if not canary or not baseline:
        raise ValueError("there is nothing to compare")
    alpha = round(1 - asked.confidence, 12)
    u, p, least = _test(canary, baseline, alpha)
    shift, low, high = _shift(canary, baseline, least)
    effect = _effect(fmean(canary), fmean(baseline))
    return Compared(
        sizes=(len(canary), len(baseline)),
        u=u,
        p=p,
        shift=shift,
        low=low,
        high=high,
        confidence=asked.confidence,
        effect=effect,
        worse=p <= alpha and _bad(asked, effect, u - len(canary) * len(baseline) / 2),
    )


def _bad(asked: Comparison, effect: float, side: float) -> bool:
    """Whether ranks and means have both gone to the bad side, and the means far enough."""
    match asked.direction:
        case Direction.INCREASE:
            return side > 0 and effect >= asked.effect
        case Direction.DECREASE:
            return side < 0 and -effect >= asked.effect
        case Direction.EITHER:
            return side * effect > 0 and abs(effect) >= asked.effect


def _test(canary: Sequence[float], baseline: Sequence[float], alpha: float) -> tuple[float, float, float]:
    """U, its two-sided p, and the largest count that so few would be below by chance (for the interval)."""
    n, m = len(canary), len(baseline)
    pooled = Counter(canary) + Counter(baseline)
    ranks, before = {}, 0
    for value in sorted(pooled):
        ranks[value] = before + (pooled[value] + 1) / 2
        before += pooled[value]
    u = sum(ranks[value] for value in canary) - n * (n + 1) / 2
    if len(pooled) == n + m and max(n, m) <= _EXACT_TO:
        below = _below(n, m)
        p = min(1.0, 2 * below[int(min(u, n * m - u))])
        return u, p, float(next(count for count, part in enumerate(below) if part >= alpha / 2))
    ties = sum(count**3 - count for count in pooled.values())
    deviation = sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))))
    if deviation == 0:
        return u, 1.0, 0.0
    distance = max(0.0, abs(u - n * m / 2) - 0.5) / deviation
    p = min(1.0, 2 * NormalDist().cdf(-distance))
    return u, p, n * m / 2 + NormalDist().inv_cdf(alpha / 2) * deviation


@lru_cache(maxsize=_EXACT_TO * _EXACT_TO)
def _below(n: int, m: int) -> tuple[float, ...]:
    """How likely U is at most 0, 1, 2, ... by chance: the Gaussian binomial coefficients, added up."""
    ways = [1] + [0] * (n * m)
    for step in range(1, n + 1):
        for count in range(n * m, m + step - 1, -1):
            ways[count] -= ways[count - m - step]
        for count in range(step, n * m + 1):
            ways[count] += ways[count - step]
    total, sums = sum(ways), 0
    return tuple((sums := sums + each) / total for each in ways)


def _shift(canary: Sequence[float], baseline: Sequence[float], least: float) -> tuple[float, float, float]:
    """The median of all differences, and its interval: as many of them on each side as U would leave out by chance."""
    differences = sorted(one - other for one in canary for other in baseline)
    outside = max(1, int(least))
    return median(differences), differences[outside - 1], differences[-outside]


def _effect(canary: float, baseline: float) -> float:
    if canary == baseline:
        return 0.0
    return (canary - baseline) / abs(baseline) if baseline else inf if canary > 0 else -inf
