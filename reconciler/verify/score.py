"""Several analyses weighed together. Pure.

What is not known counts neither way: the score is between what it is if all of that turns out bad, and if all of it
turns out good. It is decided only when both say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.analysis import Outcome


@dataclass(frozen=True, slots=True)
class Part:
    """One analysis: its weight, and what came of it; None while it is under way."""

    weight: int
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Score:
    """Percentages of the weight: what is successful for certain, and what may still be."""

    least: float
    most: float


def score(parts: Sequence[Part]) -> Score:
    """Return the score so far; 100 when nothing has a weight."""
    total = sum(part.weight for part in parts)
    if not total:
        return Score(100.0, 100.0)
    good = sum(part.weight for part in parts if part.outcome is Outcome.SUCCESSFUL)
    bad = sum(part.weight for part in parts if part.outcome is Outcome.FAILED)
    return Score(100 * good / total, 100 * (total - bad) / total)
