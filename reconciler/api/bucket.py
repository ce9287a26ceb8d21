"""Rate limits: each caller has a bucket of requests that fills again at a steady rate. Pure."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

REMEMBERED = 10_000
"""So many callers; whoever has asked for nothing longest is forgotten, and has a full bucket then anyway, or soon."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class Buckets:
    """A token bucket for each caller: ``burst`` requests at once, ``rate`` a second for ever."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._known: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str, now: datetime) -> timedelta | None:
        """Take one request; return None when there was one, else how long to wait until there is."""
        bucket = self._filled(caller, now)
        if bucket.left >= 1:
            bucket.left -= 1
            return None
        return timedelta(seconds=(1 - bucket.left) / self._rate)

    def _filled(self, caller: str, now: datetime) -> _Bucket:
        bucket = self._known.get(caller)
        if bucket is None:
            bucket = self._known[caller] = _Bucket(self._burst, now)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        # A clock that was set back takes nothing away.
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.left, bucket.at = min(self._burst, bucket.left + passed * self._rate), now
        self._known.move_to_end(caller)
        return bucket
