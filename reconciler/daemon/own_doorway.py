"""The doorway of the process that keeps the fleet: what is decided is seen by its next pass, which begins at once."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from reconciler.daemon.archive import JournalArchive
from reconciler.daemon.authors import authors_of
from reconciler.daemon.bell import SECRET, touch
from reconciler.daemon.desk import JournalDesk, Surroundings
from reconciler.daemon.look import Look
from reconciler.daemon.outlook import LiveOutlook
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import World
from reconciler.model.asking import Request
from reconciler.model.identity import UnitId
from reconciler.model.unit import Desired
from reconciler.ports.desk import Doorway
from reconciler.ports.second_factor import SecondFactor
from reconciler.ports.source import Source
from reconciler.store.journal import SqliteStore


def own_doorway(  # noqa: PLR0913 - a dull list
    world: World, source: Source, store: SqliteStore, wake: Wake, state_dir: Path, codes: SecondFactor
) -> Doorway:
    """Return the doorway beside the passes of this process, on the journal that they write."""

    @asynccontextmanager
    async def looking() -> AsyncIterator[Look]:
        yield Look(world, source)

    async def rules(_: Request | None) -> Desired | None:
        return world.commits.newest.desired

    def ring() -> None:
        wake.ring()
        # Who watches this file looks at Git too.
        touch(state_dir)

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
    return Doorway(desk, JournalArchive(store), LiveOutlook(store, desk, looking))


async def _authors(world: World, unit: UnitId) -> frozenset[str]:
    """What Git cannot tell is told by the gate, which counts nobody then."""
    desired = world.commits.newest.desired
    if desired is None:
        return frozenset()
    return await authors_of(world.authorship, desired, await world.journal.standing(), unit)
