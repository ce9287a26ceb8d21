"""The secrets that are searched for in what is printed: a store that hangs is waited for within a limit."""

import asyncio
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

from reconciler.ports.clock import Clock
from reconciler.ports.secrets import Secrets, SecretUnknown
from reconciler.providers.channels.aside import aside

ASKED_FOR = timedelta(seconds=30)
"""So long the stores are waited for."""


class OutputSecrets:
    """Asks for all secrets of a unit at once, in a thread of its own: none of those that others need is held up.

    Who asks for the same ones while they are asked for waits for the same answer: a store that hangs for ever has one
    thread of each unit, and none of them keeps the program from ending.
    """

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._asked: dict[AbstractSet[str], asyncio.Task[list[str]]] = {}

    async def values(self, references: AbstractSet[str]) -> list[str]:
        """Return their values; raise SecretMissing, and SecretUnknown where the stores take longer than the limit."""
        if not references:
            return []
        answer = self._asked.get(references) or self._ask(references)
        limit = asyncio.create_task(self._clock.sleep(ASKED_FOR))
        either: set[asyncio.Task[Any]] = {answer, limit}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
        if not answer.done():
            raise SecretUnknown(f"the stores of secrets did not answer within {ASKED_FOR.total_seconds():g} s")
        return answer.result()

    def _ask(self, references: AbstractSet[str]) -> asyncio.Task[list[str]]:
        def ask() -> list[str]:
            return [self._secrets.value(each) for each in sorted(references)]

        answer = self._asked[references] = asyncio.create_task(aside(ask), name="secrets of pages")
        # That nobody waits for it any more is no news.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        answer.add_done_callback(lambda _: self._asked.pop(references))
        return answer
