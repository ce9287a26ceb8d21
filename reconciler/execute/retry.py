"""When something that was in vain is tried again: later each time, and never all at the same moment. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.model.rollout import Rollout

Jitter: TypeAlias = Callable[[timedelta], timedelta]
"""Shortens or lengthens a wait a little by chance, so that not everybody comes at once."""

LONGEST = timedelta(minutes=1)


def again_at(rollout: Rollout, attempt: int, now: datetime, jitter: Jitter) -> datetime:
    """Return when to try again after so many attempts: 2 s, 4 s, 8 s ... a minute; at the deadline at the latest."""
    wait = min(timedelta(seconds=2 ** min(attempt, 10)), LONGEST)
    at = now + jitter(wait)
    return min(at, rollout.deadline) if rollout.deadline else at
