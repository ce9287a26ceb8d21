"""What would be, and what is there: a ``ports.desk.Outlook`` that looks at the fleet."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeAlias

from reconciler.daemon.desk import JournalDesk
from reconciler.model.access import Identity
from reconciler.model.asking import GoBack
from reconciler.model.assessment import Review
from reconciler.model.event import Pinned
from reconciler.model.sighting import Sighting
from reconciler.policy.sighted import fits
from reconciler.ports.desk import Remembered, WayBack
from reconciler.store.journal import SqliteStore

if TYPE_CHECKING:
    from reconciler.daemon.look import Look

Looking: TypeAlias = "Callable[[], AbstractAsyncContextManager[Look]]"
"""Makes what looks, for the time of one question."""


class LiveOutlook:
    """Looks when it is asked; changes nothing."""

    def __init__(self, store: SqliteStore, desk: JournalDesk, looking: Looking) -> None:
        self._store = store
        self._desk = desk
        self._looking = looking

    async def review(self, revision: str | None) -> Review:
        """Return what would follow from the revision, or from the newest commit; raise SourceError, NothingToDo."""
        async with self._looking() as look:
            return await look.review(revision)

    async def sightings(self, what: str) -> Sequence[Sighting]:
        """Look now at the resources that the text names; raise NothingToDo, WorldError."""
        async with self._looking() as look:
            return await look.sightings(lambda resource: fits(what, resource))

    async def remembered(self, unit: str, target: str) -> Remembered:
        """Return what was seen last of units and on targets that fit the patterns, and the facts of all targets."""
        return Remembered(
            sightings=tuple(await self._store.sightings(unit, target)), facts=tuple(await self._store.facts())
        )

    async def way_back(self, request: GoBack, who: Identity) -> WayBack:
        """Return what going back would do; nothing is decided. Raises Refused where it cannot be, NothingToDo."""
        at = await self._desk.state_to_go_back_to(request)
        pinned = Pinned(
            unit=request.unit, digest=at.unit.digest, named=at.unit.named, author=who.name, reason=request.reason
        )
        async with self._looking() as look:
            found = await look.held(pinned, at)
            away = await look.fetch(found.plan) if found.plan else ()
        return WayBack(pinned=pinned, at=at, found=found, away=away)
