"""A life of the controller: it may end at any write of the journal, and then nothing of it goes on."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.canonical import Digest
from reconciler.model.event import Event
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout
from reconciler.model.standing import Standing
from reconciler.ports.journal import Lease, ToldOfGit
from reconciler.simulate.journal import MemoryJournal


class Killed(BaseException):
    """The process is no more."""


@dataclass(frozen=True, slots=True)
class Death:
    """When a life ends: before or after so many writes of its journal."""

    write: int
    after: bool


class Life:
    """Whether the controller is alive. ``died`` is set when it is not any more."""

    def __init__(self, death: Death | None = None) -> None:
        self._death = death
        self._writes = 0
        self.died = asyncio.Event()

    def end(self) -> None:
        """End it: a machine that lost its power, or kill -9."""
        self.died.set()

    def check(self) -> None:
        """Raise Killed when it has ended."""
        if self.died.is_set():
            raise Killed

    def writes(self, *, done: bool) -> None:
        """Count a write, before and after it; raise Killed when it is the last."""
        self.check()
        self._writes += not done
        if self._death == Death(self._writes, done):
            self.end()
            raise Killed


class Mortal:
    """``ports.journal.Journal`` and ``RolloutLog`` of a journal in memory, for one life."""

    def __init__(self, journal: MemoryJournal, life: Life) -> None:
        self._journal = journal
        self._life = life

    async def standing(self) -> Standing:
        """Return what is known of every unit."""
        self._life.check()
        return await self._journal.standing()

    async def append(self, events: Sequence[Event], at: datetime) -> None:
        """Append events."""
        self._life.writes(done=False)
        await self._journal.append(events, at)
        self._life.writes(done=True)

    async def begin(self, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> None:
        """Store a plan, its contents and its rollout."""
        self._life.writes(done=False)
        await self._journal.begin(rollout, plan, contents, at)
        self._life.writes(done=True)

    async def accepted_commit(self) -> str | None:
        """Return the newest commit that loaded."""
        self._life.check()
        return await self._journal.accepted_commit()

    async def told_of_git(self) -> ToldOfGit:
        """Return what was written down of Git last."""
        self._life.check()
        return await self._journal.told_of_git()

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout."""
        self._life.check()
        return await self._journal.claim(rollout, owner, now, until)

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer."""
        self._life.check()
        await self._journal.renew(lease, until)

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and its plan."""
        self._life.check()
        return await self._journal.load(rollout)

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Write the move of a rollout."""
        self._life.writes(done=False)
        await self._journal.record(lease, rollout, events, at, plan)
        self._life.writes(done=True)

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents."""
        self._life.check()
        return await self._journal.contents(blobs)
