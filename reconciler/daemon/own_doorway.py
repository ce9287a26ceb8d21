"""The doorway of the process that keeps the fleet: what is decided is seen by its next pass, which begins at once."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from reconciler.daemon.archive import JournalArchive
from reconciler.daemon.authors import authors_of
from reconciler.daemon.bell import SECRET, NotWoken, touch
from reconciler.daemon.desk import JournalDesk, Surroundings
from reconciler.daemon.foresight import Foresight
from reconciler.daemon.logs import log
from reconciler.daemon.look import Look
from reconciler.daemon.one_pass import NothingToDo, conclude
from reconciler.daemon.outlook import LiveOutlook
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.desired.load import Invalid
from reconciler.model.asking import Request
from reconciler.model.assessment import Review
from reconciler.model.identity import UnitId
from reconciler.model.unit import Desired
from reconciler.ports.desk import Doorway
from reconciler.ports.second_factor import SecondFactor
from reconciler.store.journal import SqliteStore


def own_doorway(  # noqa: PLR0913 - a dull list
    world: World, foresight: Foresight, store: SqliteStore, wake: Wake, state_dir: Path, codes: SecondFactor
) -> Doorway:
    """Return the doorway beside the passes of this process, on the journal that they write."""

    @asynccontextmanager
    async def looking() -> AsyncIterator[Look]:
        yield _CarefulLook(world, foresight)

    async def rules(_: Request | None) -> Desired | None:
        return world.commits.newest.desired

    def ring() -> None:
        wake.ring()
        try:
            # Who watches this file looks at Git too.
            touch(state_dir)
        except NotWoken as error:
            log.warning("Git is looked at when its time comes, not at once", reason=str(error))

    around = Surroundings(
        append=world.journal.append,
        wake=ring,
        rules=rules,
        authors=partial(_authors, world),
        codes=codes,
        at_work=lambda: True,
        secret=partial(secrets.token_bytes, SECRET),
        clock=world.clock,
    )
    desk = JournalDesk(store, around)
    return Doorway(desk, JournalArchive(store), LiveOutlook(store, desk, looking), store.outputs)


class _CarefulLook(Look):
    """Looks at the fleet by the commit that is followed only; another is compared with it.

    Whoever asks through a door may have written it: by their documents the daemon would log in to their hosts, and run
    their commands on ours. And passes go on meanwhile, to the targets that are followed.
    """

    def __init__(self, world: World, foresight: Foresight) -> None:
        super().__init__(world, foresight.source)
        self._foresight = foresight

    async def review(self, revision: str | None) -> Review:
        """Return what would follow from the newest commit, or what the revision says otherwise than the followed."""
        followed = self._world.commits.newest.desired
        if revision is None:
            return await super().review(None)
        commit = await self._source.resolve(revision)
        if followed is not None and commit.id == followed.commit:
            return await conclude(self._world, followed)
        try:
            return await self._foresight.instead(commit)
        except Invalid as invalid:
            problems = "\n".join(str(problem) for problem in invalid.problems)
            raise NothingToDo(f"commit {commit.id[:7]} does not load:\n{problems}") from invalid


async def _authors(world: World, unit: UnitId) -> frozenset[str]:
    """What Git cannot tell is told by the gate, which counts nobody then."""
    desired = world.commits.newest.desired
    if desired is None:
        return frozenset()
    return await authors_of(world.authorship, desired, await world.journal.standing(), unit)
