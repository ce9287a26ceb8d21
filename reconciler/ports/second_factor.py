"""What somebody has beside what they know: a device that shows one-time codes."""

from datetime import datetime
from typing import Protocol


class FactorRefused(Exception):
    """The code does not count. The text says why and what to do; it holds neither the code nor a secret."""


class SecondFactor(Protocol):
    """Checks one-time codes."""

    def step(self, person: str, code: str, last: int, now: datetime) -> int:
        """Return the time step that the person's code is of, later than the ``last`` that was used; FactorRefused."""
        ...
