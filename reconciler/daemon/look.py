"""Looking without touching: what ``reconciler plan`` does."""

from dataclasses import replace

from reconciler.daemon.one_pass import NothingToDo, conclude
from reconciler.daemon.world import World
from reconciler.desired.load import Invalid
from reconciler.model.assessment import Review
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
