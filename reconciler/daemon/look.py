"""Looking without touching: what ``reconciler plan`` does, and ``rollback`` before it decides."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from reconciler import observe
from reconciler.daemon.fetches import archives
from reconciler.daemon.one_pass import NothingToDo, conclude, follows
from reconciler.daemon.world import World
from reconciler.desired.load import Invalid
from reconciler.model.assessment import Assessment, Review
from reconciler.model.event import Pinned
from reconciler.model.identity import ResourceId
from reconciler.model.plan import Plan
from reconciler.model.sighting import Sighting
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired
from reconciler.model.verdict import Snapshot
from reconciler.policy.scope import scope
from reconciler.policy.sighted import sighted
from reconciler.ports.errors import WorldError
from reconciler.ports.source import Commit, Source


class Look:
    """Reads a commit, looks at the fleet and plans; writes nothing."""

    def __init__(self, world: World, source: Source) -> None:
        self._world = world
        self._source = source

    async def review(self, revision: str | None) -> Review:
        """Return what would follow from the revision, or from the newest commit.

        When the newest does not load, the last one that did is reviewed, with the mistakes of the newest. Raises
        SourceError, and NothingToDo when there is no commit that loads.
        """
        commit = await (self._source.resolve(revision) if revision else self._source.head())
        try:
            # A person may look at any commit; what would be done now is only what may be followed.
            commits = self._world.commits
            return await conclude(self._world, await (commits.at(commit) if revision else commits.newly(commit)))
        except Invalid as invalid:
            problems = tuple(str(problem) for problem in invalid.problems)
        accepted = None if revision else await self._world.journal.accepted_commit()
        if accepted is None:
            raise NothingToDo(f"commit {commit.id[:7]} does not load:\n" + "\n".join(problems))
        desired = await self._world.commits.at(Commit(accepted, ""))
        return replace(await conclude(self._world, desired), refused=problems)

    async def accepted(self) -> Desired | None:
        """Return what the last commit that loaded asks for, None before the first; raise SourceError, Invalid."""
        accepted = await self._world.journal.accepted_commit()
        return await self._world.commits.at(Commit(accepted, "")) if accepted else None

    async def held(self, pinned: Pinned, at: Snapshot) -> Assessment:
        """Return what would follow for one unit if a person held it there, though Git could not be asked.

        Raises NothingToDo when no commit has loaded yet or the unit is not in Git.
        """
        accepted = await self._world.journal.accepted_commit()
        if accepted is None:
            raise NothingToDo("no commit has loaded yet")
        desired = await self._world.commits.at(Commit(accepted, ""))
        wanted = desired.units.get(pinned.unit)
        if wanted is None:
            raise NothingToDo(f"{pinned.unit} is no longer in Git")
        known = (await self._world.journal.standing()).of(pinned.unit)
        held = replace(known, pinned=pinned, pinned_at=at, rollout=None, paused=None, accepted=None, last=None)
        alone = replace(desired, units={pinned.unit: wanted})
        review = await follows(self._world, alone, Standing(units={pinned.unit: held}))
        (found,) = review.assessments
        return found

    async def sightings(self, wanted: Callable[[ResourceId], bool]) -> tuple[Sighting, ...]:
        """Look at the resources that are wanted, of those that a pass would look at; raises NothingToDo."""
        journal = self._world.journal
        accepted = await journal.accepted_commit()
        if accepted is None:
            raise NothingToDo("no commit has loaded yet")
        desired = await self._world.commits.at(Commit(accepted, ""))
        known = scope(desired, await journal.standing())
        asked = {target: [each for each in there if wanted(each.id)] for target, there in known.items()}
        asked = {target: there for target, there in asked.items() if there}
        survey = await observe.look(asked, desired.targets, self._world.targets)
        return sighted(survey, self._world.clock.now())

    async def fetch(self, plan: Plan) -> tuple[str, ...]:
        """Have the archives here that the plan needs; return why some cannot be had, mostly nothing."""
        wanted = tuple(dict.fromkeys(archives(plan)))
        got = await asyncio.gather(*map(self._world.artifacts.fetch, wanted), return_exceptions=True)
        if bugs := [each for each in got if isinstance(each, BaseException) and not isinstance(each, WorldError)]:
            raise bugs[0]
        return tuple(str(each) for each in got if isinstance(each, WorldError))
