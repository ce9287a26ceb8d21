"""What telemetry asks the journal beside what is new: the story of a rollout, and what its steps were."""

from collections import OrderedDict
from collections.abc import Sequence

from reconciler.model.event import RolloutMoved
from reconciler.model.record import Entry
from reconciler.model.rollout import ENDS, StepRecord
from reconciler.store.journal import SqliteStore
from reconciler.telemetry.story import Story

LONGEST = 20_000
"""So many entries of a rollout are looked at, the newest."""
_AROUND = 1000
_PLANS = 1024
STEP = "step"
"""The sort of a step whose plan is not there any more."""


class Past:
    """Raises JournalUnavailable."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._steps: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    async def sort(self, record: StepRecord) -> str:
        """Return the plan's word for a step, such as ``apply``."""
        if record.plan not in self._steps:
            self._steps[record.plan] = await self._sorts(record.plan)
            if len(self._steps) > _PLANS:
                self._steps.popitem(last=False)
        sorts = self._steps[record.plan]
        return sorts[record.index] if record.index < len(sorts) else STEP

    async def entries(self, rollout: str) -> Sequence[Entry]:
        """Return what the journal has of a rollout."""
        return await self._store.history.of_rollout(rollout, LONGEST)

    async def story(self, end: RolloutMoved) -> Story | None:
        """Return all of a rollout that has ended; None when it is not there any more."""
        try:
            rollout, _ = await self._store.load(end.rollout)
        except KeyError:
            return None
        entries = await self.entries(end.rollout)
        around = _around(await self._store.history.of_unit(end.unit, _AROUND), end.rollout)
        return Story(rollout, entries, around)

    async def _sorts(self, plan: str) -> tuple[str, ...]:
        try:
            return tuple(step.step for step in (await self._store.history.plan(plan)).steps)
        except KeyError:
            return ()


def _around(entries: Sequence[Entry], rollout: str) -> Sequence[Entry]:
    """Return those from the end of the rollout before this one until its own."""
    found: list[Entry] = []
    for entry in entries:
        found.append(entry)
        if isinstance(entry.event, RolloutMoved) and entry.event.after in ENDS:
            if entry.event.rollout == rollout:
                break
            found = []
    return found
