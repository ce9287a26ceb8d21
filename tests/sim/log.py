"""The real journal, told to the simulated clock, and one that fails when it is told to."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from reconciler.model.canonical import Digest
from reconciler.model.event import Event
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout
from reconciler.ports.journal import Lease, RolloutLog
from tests.sim.clock import SimClock

T = TypeVar("T")


def nothing() -> None:
    """Fail at no write."""


@dataclass(slots=True)
class WatchedLog:
    """A RolloutLog that works in threads, so that time stands still meanwhile. ``before`` and ``after`` may raise."""

    log: RolloutLog
    clock: SimClock
    before: Callable[[], None] = nothing
    after: Callable[[], None] = nothing

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout."""
        return await self._do(self.log.claim(rollout, owner, now, until))

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer."""
        await self._do(self.log.renew(lease, until))

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and its plan."""
        return await self._do(self.log.load(rollout))

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Write, between ``before`` and ``after``."""
        self.before()
        await self._do(self.log.record(lease, rollout, events, at, plan))
        self.after()

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents."""
        return await self._do(self.log.contents(blobs))

    async def _do(self, work: Awaitable[T]) -> T:
        async with self.clock.working():
            return await work
