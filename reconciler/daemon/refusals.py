"""Writes down who came to a door, and who was refused there, before anything was asked of the desk."""

import asyncio

from reconciler.model.access import Action, Identity
from reconciler.model.identity import UnitId
from reconciler.model.word import AccessRefused
from reconciler.policy.refusals import Refusals, refused
from reconciler.policy.sign_ins import Seen, came
from reconciler.ports.clock import Clock
from reconciler.ports.journal import Journal

CAME_IN = "come in"
"""What a stranger was refused."""


class RefusalLog:
    """``api.door.Refusing``: each refusal is in the journal, what repeats once in a while and with a count.

    So is everybody who was known, once in a while.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._known = Refusals()
        self._seen: Seen = {}
        self._one_by_one = asyncio.Lock()

    async def stranger(self, address: str, reason: str) -> None:
        """Write down that nobody knew who it was; the address is empty at a Unix socket."""
        await self._write("", address or "socket", CAME_IN, None, reason)

    async def denied(self, who: Identity, action: Action, unit: UnitId | None, reason: str) -> None:
        """Write down that somebody may not do that."""
        await self._write(who.name, who.login.value, action.value, unit, reason)

    async def came_in(self, who: Identity, address: str) -> None:
        """Write down that somebody came and was known, unless that was written down lately."""
        at, before = self._clock.now(), self._seen
        self._seen, told = came(before, who, address, at)
        if told is None:
            return
        try:
            await self._journal.append([told], at)
        except BaseException:
            # They are not in the journal, so the next time is the first one.
            self._seen = {each: seen for each, seen in self._seen.items() if each != (who.name, who.login, address)}
            raise

    async def _write(self, name: str, login: str, action: str, unit: UnitId | None, reason: str) -> None:
        async with self._one_by_one:
            word = AccessRefused(name=name, login=login, action=action, unit=unit, reason=reason, at=self._clock.now())
            known, told = refused(self._known, word)
            if told:
                await self._journal.append([told], told.at)
            self._known = known
