"""A thread of its own for what is sent: nobody else ever waits for a collector, not even at the end."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from reconciler.telemetry.otlp import Collector

Send: TypeAlias = "Callable[[Collector], bool]"
"""Sends something; False when the collector did not take it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    send: Send
    outcome: "asyncio.Future[bool]"
    loop: asyncio.AbstractEventLoop


class Sender:
    """Sends one thing after the other. ``made`` makes the collector, in the thread, when the first thing comes; None
    when that is not possible now.

    Who sends waits for the outcome, so that no more is queued than there are tasks that send. A thread that hangs in a
    request ends with the process, and holds nothing up.
    """

    def __init__(self, made: "Callable[[], Collector | None]") -> None:
        self._made = made
        self._collector: Collector | None = None
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)

    async def send(self, send: Send) -> bool:
        """Have it sent; False when the collector did not take it."""
        if self._closed:
            return False
        if not self._thread.is_alive():
            self._thread.start()
        loop = asyncio.get_running_loop()
        asked = _Asked(send, loop.create_future(), loop)
        self._asked.put(asked)
        return await asked.outcome

    @property
    def why(self) -> str:
        """Why the last thing was not taken, as far as it is known."""
        return self._collector.why if self._collector else ""

    def close(self) -> None:
        """Send nothing any more; returns at once."""
        self._closed = True
        self._asked.put(None)
        if self._collector:
            self._collector.close()

    def _work(self) -> None:
        while asked := self._asked.get():
            if self._closed:
                _tell(asked, outcome=False)
                continue
            try:
                if self._collector is None:
                    self._collector = self._made()
                took = self._collector is not None and asked.send(self._collector)
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                _tell(asked, outcome=error)
            else:
                _tell(asked, outcome=took)


def _tell(asked: _Asked, *, outcome: "bool | Exception") -> None:
    def told() -> None:
        if asked.outcome.done():
            return
        if isinstance(outcome, Exception):
            asked.outcome.set_exception(outcome)
        else:
            asked.outcome.set_result(outcome)

    try:
        asked.loop.call_soon_threadsafe(told)
    except RuntimeError:
        # The loop is closed: nobody waits for it any more.
        return
