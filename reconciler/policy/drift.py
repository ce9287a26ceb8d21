"""What policy says about drift: heal, report or hold; and how long to wait after a heal that failed."""

from datetime import datetime, timedelta

from reconciler.model.change import Cause
from reconciler.model.difference import Differing
from reconciler.model.policy import RolloutPolicy
from reconciler.model.resource import DriftMode
from reconciler.model.standing import UnitStanding

FIRST_WAIT = timedelta(seconds=2)
FACTOR = 3
LONGEST_WAIT = timedelta(minutes=5)
"""The waits after failed heals: 2 s, 6 s, 18 s ... 5 min, as Argo CD waits between self-heals."""


def withheld(differing: Differing, policy: RolloutPolicy) -> DriftMode | None:
    """Return why a difference is left alone (report or hold), None when it is to be mended."""
    if differing.change.cause is not Cause.DRIFT:
        return None
    mode = differing.resource.drift or policy.drift
    return None if mode is DriftMode.HEAL else mode


def next_try(standing: UnitStanding) -> datetime | None:
    """Return the earliest time of the next heal, None when nothing failed since the last good end."""
    if not standing.failed_heals or standing.last_failed_at is None:
        return None
    exponent = min(standing.failed_heals - 1, 10)
    wait: timedelta = min(FIRST_WAIT * int(FACTOR**exponent), LONGEST_WAIT)
    return standing.last_failed_at + wait
