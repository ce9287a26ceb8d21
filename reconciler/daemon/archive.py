"""What was, from a journal: a ``ports.desk.Archive``."""

from collections.abc import Sequence

from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Entry, Kept
from reconciler.model.rollout import Rollout
from reconciler.store.journal import SqliteStore


class JournalArchive:
    """Questions about the past, each answered by the store. Raises JournalUnavailable."""

    def __init__(self, store: SqliteStore) -> None:
        self._history = store.history

    async def rollouts(self, unit: UnitId | None, limit: int) -> Sequence[Rollout]:
        """Return the newest rollouts, newest first."""
        return await self._history.rollouts(unit, limit)

    async def events(self, rollout: str, limit: int) -> Sequence[Entry]:
        """Return what was written down of a rollout, oldest first."""
        return await self._history.of_rollout(rollout, limit)

    async def since(self, number: int, limit: int) -> Sequence[Entry]:
        """Return the entries after that number, oldest first."""
        return await self._history.since(number, limit)

    async def states(self, unit: UnitId) -> Sequence[Kept]:
        """Return the states of the unit that are kept, newest first."""
        return await self._history.states(unit)

    async def plan(self, plan: str) -> Plan:
        """Return a stored plan; KeyError when there is none."""
        return await self._history.plan(plan)
