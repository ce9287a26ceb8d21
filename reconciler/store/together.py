"""Writes that wait for their turn together are made durable together: one transaction, one wait for the disk."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine

AT_ONCE = 16
"""How many writes are one transaction at most: what is urgent waits for its end, and so do other processes."""

Work: TypeAlias = Callable[[Connection], Any]


@dataclass(eq=False, slots=True)
class Write:
    """What somebody wants written, and where they wait for what comes of it; made where a loop runs."""

    work: Work
    outcome: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _OneCannot(Exception):
    """One of several writes cannot be done; which one is found out by doing each alone."""


class Together:
    """A queue of writes before one thread. Each has an outcome of its own, as if it were a transaction of its own.

    When one of those taken together cannot be done, nothing of that transaction is kept, and each is done alone. So
    the work of a write may be run twice; only the second time counts then. No task does this: none can be cancelled
    while it holds what others wait for.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = _thread()
        self._urgent: deque[Write] = deque()
        self._others: deque[Write] = deque()
        self._writing = False

    def ask(self, write: Write) -> None:
        """Queue a write."""
        self._others.append(write)
        self._go_on()

    def ask_first(self, write: Write) -> None:
        """Queue a write before all that were only asked for."""
        self._urgent.append(write)
        self._go_on()

    def withdraw(self, write: Write) -> bool:
        """Take a write back; False when it was begun."""
        for queue in (self._urgent, self._others):
            with suppress(ValueError):
                queue.remove(write)
                return True
        return False

    def close(self) -> None:
        """End the thread when it has done what it was given; who asks again gets another."""
        self._thread.shutdown(wait=False)
        self._thread = _thread()

    def _go_on(self) -> None:
        if self._writing or not (batch := self._taken()):
            return
        self._writing = True
        doing = asyncio.get_running_loop().run_in_executor(self._thread, self._do, [each.work for each in batch])
        doing.add_done_callback(partial(self._done, batch))

    def _taken(self) -> Sequence[Write]:
        queue = self._urgent or self._others
        return [queue.popleft() for _ in range(min(AT_ONCE, len(queue)))]

    def _done(self, batch: Sequence[Write], doing: asyncio.Future[Sequence[Any]]) -> None:
        self._writing = False
        self._go_on()
        error = doing.exception()
        for write, outcome in zip(batch, [error] * len(batch) if error else doing.result(), strict=True):
            if isinstance(outcome, BaseException):
                write.outcome.set_exception(outcome)
            else:
                write.outcome.set_result(outcome)

    def _do(self, works: Sequence[Work]) -> Sequence[Any]:
        """Return what came of each: what it returned, or what it raised."""
        if len(works) > 1:
            with suppress(_OneCannot):
                return self._all(works)
        return [self._alone(work) for work in works]

    def _all(self, works: Sequence[Work]) -> Sequence[Any]:
        with self._engine.begin() as connection:
            try:
                return [work(connection) for work in works]
            except Exception as error:
                raise _OneCannot from error

    def _alone(self, work: Work) -> Any:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except Exception as error:  # noqa: BLE001 - it is raised where the outcome is waited for
            return error


def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="journal")
