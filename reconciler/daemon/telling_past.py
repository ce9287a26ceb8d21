"""What telemetry asks the journal beside what is new: the story of a rollout, and what its steps were."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import get_args

from reconciler.model.event import RolloutMoved
from reconciler.model.record import Entry
from reconciler.model.rollout import ENDS, Rollout, StepRecord
from reconciler.model.word import Word
from reconciler.store.journal import SqliteStore
from reconciler.telemetry.story import Story

LONGEST = 20_000
"""So many entries of a rollout are looked at, the newest."""
STEP = "step"
"""The sort of a step whose plan is not there any more."""

_MOVES = frozenset({"rollout_moved", "step_started", "step_ended"})
_SAID = frozenset(
    {
        *(each.__dataclass_fields__["event"].default for each in get_args(Word)),
        *("requested", "rollout_moved", "decision_taken", "abort_requested", "retry_requested", "plan_accepted"),
        *("paused", "resumed", "verdict_given", "healed", "health_changed"),
    }
)
_AROUND = 300
_PLANS = 1024


class Past:
    """Raises JournalUnavailable."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._steps: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    async def sort(self, rollout: str, record: StepRecord) -> str:
        """Return the plan's word for a step, such as ``apply``."""
        if record.plan not in self._steps:
            self._steps[record.plan] = await self._sorts(rollout, record.plan)
            if len(self._steps) > _PLANS:
                self._steps.popitem(last=False)
        sorts = self._steps[record.plan]
        return sorts[record.index] if record.index < len(sorts) else STEP

    async def moves(self, rollout: str) -> Sequence[Entry]:
        """Return the moves of a rollout and of its steps."""
        return await self._store.told.of_rollout(rollout, _MOVES, LONGEST)

    async def rollout(self, rollout: str) -> Rollout | None:
        """Return the rollout as it is now; None when it is not there any more."""
        try:
            return (await self._store.load(rollout))[0]
        except KeyError:
            return None

    async def story(self, end: RolloutMoved) -> Story | None:
        """Return how a rollout went that has ended; None when it is not there any more."""
        rollout = await self.rollout(end.rollout)
        return Story(rollout, await self.moves(end.rollout), await self.around(end)) if rollout else None

    async def around(self, end: RolloutMoved) -> Sequence[Entry]:
        """Return what was said about its unit and decided, from the end of the rollout before it until its own."""
        found: list[Entry] = []
        for entry in await self._store.told.of_unit(end.unit, _SAID, _AROUND):
            found.append(entry)
            if isinstance(entry.event, RolloutMoved) and entry.event.after in ENDS:
                if entry.event.rollout == end.rollout:
                    break
                found = []
        return found

    async def _sorts(self, rollout: str, plan: str) -> tuple[str, ...]:
        try:
            # The plan in hand is known already; to read another is dear.
            _, found = await self._store.load(rollout)
            wanted = found if found.id == plan else await self._store.history.plan(plan)
        except KeyError:
            return ()
        return tuple(step.step for step in wanted.steps)
