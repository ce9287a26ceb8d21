"""Tells the log once when the collector takes a signal no more, and once when it does again."""

import re

from reconciler.daemon.logs import log
from reconciler.telemetry import table
from reconciler.telemetry.meter import Meter
from reconciler.telemetry.sender import Send, Sender

_NEVER = re.compile(r"\b(400|413|415|422)\b")
"""Answers to what is wrong in itself: OTLP has it thrown away, and what comes after it sent."""


class Signal:
    """One signal (``traces``, ``metrics``, ``logs``) on its way to the collector at ``url``."""

    def __init__(self, name: str, sender: Sender, meter: Meter, url: str) -> None:
        self._name = name
        self._sender = sender
        self._meter = meter
        self._url = url
        self._well = True

    async def send(self, send: Send) -> bool:
        """Have it sent; False when the collector did not take it."""
        took = await self._sender.send(send)
        self._meter.add(table.SENT, self._name, "ok" if took else "failed")
        if self._well and not took:
            why = self._sender.why or "it does not say why"
            log.warning("the collector does not take what it is sent", signal=self._name, at=self._url, reason=why)
        if took and not self._well:
            log.info("the collector takes what it is sent again", signal=self._name, at=self._url)
        self._well = took
        return took

    @property
    def hopeless(self) -> bool:
        """Whether what was not taken last will never be: another try would be answered alike."""
        return not self._well and bool(_NEVER.search(self._sender.why))
