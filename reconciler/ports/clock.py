"""Time and ids, so that the core never asks for them itself."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time that passes; UTC, aware."""

    def now(self) -> datetime:
        """Return the present time."""
        ...

    def catch_up(self) -> timedelta:
        """Take over what the machine's clock shows, and return how far it was set; only while nothing waits for a time.

        Until then a clock that somebody sets moves no deadline.
        """
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Return when the duration has passed."""
        ...

    def new_id(self) -> str:
        """Return an id nobody has used before: short, sortable by time, safe in file names."""
        ...

    def jitter(self, duration: timedelta) -> timedelta:
        """Return the duration, shortened or lengthened by up to a tenth by chance."""
        ...
