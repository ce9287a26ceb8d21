"""The watchdog's food: it is given only as long as the loop keeps its word."""

from datetime import datetime, timedelta

from reconciler.daemon.logs import log
from reconciler.daemon.systemd import notify, watchdog_interval
from reconciler.ports.clock import Clock


class Pulse:
    """What the loop promised: to be heard of again by a time. A loop that does not keep it is ended by systemd.

    Feeding from a task alone would only show that asyncio runs, not that the loop does.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: datetime | None = None

    def promise(self, within: timedelta) -> None:
        """Say that the loop is alive, and will say so again within the time."""
        self._until = self._clock.now() + within

    def leave(self) -> None:
        """Say that the loop is done; from now on systemd's own limit for stopping counts."""
        self._until = None

    def silent(self) -> str | None:
        """Return why the loop is not alive, None when it is: it has not begun, or hangs, or has left."""
        if self._until is None:
            return "the loop is not at work"
        return (
            None if self._clock.now() <= self._until else f"nothing was heard of the loop since {self._until:%H:%M:%S}Z"
        )

    async def feed(self) -> None:
        """Tell systemd that the loop is alive, as often as it wants to hear it; returns when it does not."""
        interval = watchdog_interval()
        while interval:
            if self._until is None or self._clock.now() <= self._until:
                notify("WATCHDOG=1")
            else:
                log.error("internal error: the loop hangs; systemd will start the daemon again")
            await self._clock.sleep(interval)
