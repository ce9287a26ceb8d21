"""How a merged pull request goes: which accepted commit brought it, what that changed, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.control.merged import Merged, merged, progress
from reconciler.daemon.foresight import Foresight
from reconciler.model.forge import Progress
from reconciler.model.identity import UnitId
from reconciler.model.record import Commits
from reconciler.model.rollout import Rollout
from reconciler.model.standing import Standing

ACCEPTED = 200
ROLLOUTS = 300
"""So many of the newest accepted commits and rollouts are looked through."""


class Past(Protocol):
    """What the journal tells of commits and rollouts; raises JournalUnavailable."""

    async def accepted(self, limit: int) -> Sequence[str]:
        """Return the ids of the commits that were accepted last, newest first."""
        ...

    async def commits(self) -> Commits:
        """Return the newest accepted commit, and a newer refused one."""
        ...

    async def rollouts(self, unit: UnitId | None, limit: int) -> Sequence[Rollout]:
        """Return the newest rollouts, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Present:
    """How everything stands now, read once for all requests."""

    rollouts: Sequence[Rollout]
    standing: Standing


@dataclass(slots=True)
class AfterMerge:
    """Answers for commits that came to the branch."""

    foresight: Foresight
    past: Past
    _came: dict[str, Merged] = field(default_factory=dict)

    async def present(self) -> Present:
        """Read how everything stands; raises JournalUnavailable."""
        rollouts = await self.past.rollouts(None, ROLLOUTS)
        return Present(rollouts, await self.foresight.world.journal.standing())

    async def progress(self, commit: str, present: Present) -> Progress | None:
        """Return how far what the commit brought has come; None while nobody has looked at it.

        Raises Invalid where its documents do not load any more, SourceError, JournalUnavailable.
        """
        followed = self.foresight.world.commits.newest.desired
        if followed is None:
            return None
        came = self._came.get(commit)
        if came is None:
            came = await self._brought_by(commit)
            if came is None:
                return await self._refused(commit)
            self._came[commit] = came
        return progress(came, present.rollouts, present.standing, followed)

    async def _brought_by(self, commit: str) -> Merged | None:
        """Find the first accepted commit that has it in its history, and compare it with the one before."""
        brought, before = None, None
        for accepted in await self.past.accepted(ACCEPTED):
            if not await self.foresight.source.contains(accepted, commit):
                before = accepted
                break
            brought = accepted
        if brought is None:
            return None
        of = self.foresight.of_branch
        return merged(await of(before) if before else None, await of(brought))

    async def _refused(self, commit: str) -> Progress | None:
        refused = (await self.past.commits()).refused
        if refused is None or not await self.foresight.source.contains(refused.commit, commit):
            return None
        return Progress(commit=refused.commit, refused=tuple(str(each) for each in refused.problems))
