"""A target that fails again and again is left out for a while, so that the others are not held up by it. Pure.

It counts what failed for the target's own sake: a heal, or a change that went well on another target of the same
rollout. What fails everywhere is the change's fault.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from reconciler.model.change import Cause
from reconciler.model.rollout import Rollout, Strikes

MOST = 3
"""So many failures in a row break the circuit."""

FIRST = timedelta(minutes=5)
LONGEST = timedelta(hours=2)


def struck(rollout: Rollout, targets: Iterable[str], now: datetime) -> tuple[Strikes, ...]:
    """Return the strikes after the rollout's forward plan has failed or ended; ``targets`` are those it was for."""
    before = {each.target: each.count for each in rollout.strikes}
    known = {each.target: each for each in rollout.strikes}
    failed = {failure.target for failure in rollout.failures} & set(targets)
    well = set(rollout.changed) - failed
    own_fault = failed if rollout.cause is not Cause.COMMIT or well else set()
    for target in own_fault:
        known[target] = Strikes(target=target, count=before.get(target, 0) + 1, last=now)
    return tuple(each for name, each in sorted(known.items()) if name not in well)


def cooling(strikes: Iterable[Strikes], now: datetime) -> Mapping[str, datetime]:
    """Return the targets that are left out now, and until when: five minutes, then twice as long each time, to 2 h."""
    until = {each.target: each.last + _pause(each.count) for each in strikes if each.count >= MOST}
    return {target: end for target, end in until.items() if end > now}


def _pause(count: int) -> timedelta:
    return min(FIRST * (1 << min(count - MOST, 10)), LONGEST)
