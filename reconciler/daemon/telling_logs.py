"""Sends the lines of the log. They wait in memory, not for ever and not all: systemd's journal has them too."""

import logging
from collections import deque
from datetime import timedelta

from reconciler.daemon.sources import Sources
from reconciler.daemon.telling_sent import Signal
from reconciler.telemetry import table
from reconciler.telemetry.line import Line
from reconciler.telemetry.span import of_rollout

EVERY = timedelta(seconds=2)
ROOM = 4096
_OF_SENDING = ("opentelemetry", "urllib3")
"""What sending says of itself would be sent for ever."""


class Kept(logging.Handler):
    """Keeps what is logged until it is taken; the oldest is thrown away when there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[Line] = deque()
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        if record.name.startswith(_OF_SENDING):
            return
        if len(self._lines) >= ROOM:
            self._lines.popleft()
            self.lost += 1
        self._lines.append(_line(record))

    def taken(self) -> list[Line]:
        """Return what is there, once."""
        found: list[Line] = []
        while self._lines:
            found.append(self._lines.popleft())
        return found


def _line(record: logging.LogRecord) -> Line:
    if not isinstance(record.msg, dict):
        return Line(at=int(record.created * 1e9), level=record.levelno, text=record.getMessage())
    # What structlog hands on: its words, of which the line itself is one.
    fields = {str(name): str(value) for name, value in record.msg.items() if not str(name).startswith("_")}
    text, rollout = fields.pop("event", ""), fields.get("rollout")
    for known in ("level", "timestamp", "trace_id", "span_id"):
        fields.pop(known, None)
    within = of_rollout(rollout) if rollout else None
    return Line(at=int(record.created * 1e9), level=record.levelno, text=text, fields=fields, within=within)


class Logs:
    """Sends what is logged from now on."""

    def __init__(self, sources: Sources, signal: Signal) -> None:
        self._clock, self._meter = sources.world.clock, sources.recorder.meter
        self._signal = signal

    async def keep(self) -> None:
        """Send until cancelled."""
        kept = Kept()
        logging.getLogger().addHandler(kept)
        try:
            while True:
                await self._clock.sleep(EVERY)
                await self._send(kept)
        finally:
            logging.getLogger().removeHandler(kept)

    async def _send(self, kept: Kept) -> None:
        lost, kept.lost = kept.lost, 0
        if lines := kept.taken():
            took = await self._signal.send(lambda collector: collector.logs(lines))
            lost += 0 if took else len(lines)
        if lost:
            self._meter.add(table.DROPPED, "logs", many=lost)
