"""The real time, and ids."""

import asyncio
import random
import secrets
import time
from datetime import UTC, datetime, timedelta

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS, _CHANCE_DIGITS = 9, 7


class SystemClock:
    """``ports.clock.Clock`` of this machine.

    It goes on evenly from the time that this machine's clock showed at first: when somebody sets that one, no deadline
    passes and none moves away, until ``catch_up`` takes the new time over.
    """

    def __init__(self) -> None:
        self._start = _ahead()

    def now(self) -> datetime:
        """Return the present time, UTC."""
        return datetime.fromtimestamp(time.monotonic(), UTC) + self._start

    def catch_up(self) -> timedelta:
        """Take over what this machine's clock shows; return how far it was set since, forward or (negative) back."""
        before, self._start = self._start, _ahead()
        return self._start - before

    async def sleep(self, duration: timedelta) -> None:
        """Return when the duration has passed."""
        await asyncio.sleep(duration.total_seconds())

    def new_id(self) -> str:
        """Return 16 characters: the time in milliseconds, then chance (35 bits), without letters that look alike."""
        milliseconds = int(self.now().timestamp() * 1000)
        chance = secrets.randbits(5 * _CHANCE_DIGITS)
        return _base32(milliseconds, _TIME_DIGITS) + _base32(chance, _CHANCE_DIGITS)

    def jitter(self, duration: timedelta) -> timedelta:
        """Return the duration, shortened or lengthened by up to a tenth."""
        return duration * random.uniform(0.9, 1.1)  # noqa: S311 - to spread load, not to hide anything


def _ahead() -> timedelta:
    return timedelta(seconds=time.time() - time.monotonic())


def _base32(number: int, digits: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(digits)))
