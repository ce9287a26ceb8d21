"""How fast an API is asked: so many requests a second, and none while it has asked us to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from reconciler.ports.clock import Clock
from reconciler.ports.errors import Unreachable

LONGEST_WAIT = timedelta(seconds=30)
"""How long a request waits at most because the API asked for it; where that is longer, it is not made."""


class Pace:
    """A bucket of tokens: as many at once as there may be in a second, then evenly."""

    def __init__(self, name: str, per_second: int, clock: Clock) -> None:
        self._name = name
        self._each = timedelta(seconds=1) / per_second
        self._clock = clock
        self._full_at = clock.now()
        self._quiet_until = clock.now()

    async def turn(self) -> None:
        """Return when it is this request's turn; raise Unreachable when the API wants us to wait for too long."""
        now = self._clock.now()
        quiet = self._quiet_until - now
        if quiet > LONGEST_WAIT:
            raise Unreachable(f"{self._name} has asked us to wait: for {quiet.total_seconds():.0f} s more")
        self._full_at = max(self._full_at, now) + self._each
        wait = max(self._full_at - now - timedelta(seconds=1), quiet)
        if wait > timedelta(0):
            await self._clock.sleep(wait)

    def rest(self, duration: timedelta) -> None:
        """Ask nothing for this long."""
        self._quiet_until = max(self._quiet_until, self._clock.now() + duration)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Return how long a Retry-After header asks to wait, None where it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal() and len(text) <= len("31536000"):
        return timedelta(seconds=int(text))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(timedelta(0), (until if until.tzinfo else until.replace(tzinfo=UTC)) - now)
