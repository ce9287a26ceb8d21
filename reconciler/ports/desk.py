"""Where a door (the command line, the API) gets what it shows, and puts what people ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from reconciler.model.access import Identity
from reconciler.model.asking import HERE, GoBack, Origin, Request, Ruling
from reconciler.model.assessment import Assessment, Review
from reconciler.model.event import Pinned
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Entry, Kept, Picture
from reconciler.model.rollout import Rollout
from reconciler.model.sighting import Facts, Sighting
from reconciler.model.verdict import Snapshot
from reconciler.ports.outputs import Printed


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """The state that a unit would go back to, what would be done, and archives that cannot be had now, mostly none."""

    pinned: Pinned
    at: Snapshot
    found: Assessment
    away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What was seen last, and what targets said of themselves."""

    sightings: tuple[Sighting, ...] = ()
    facts: tuple[Facts, ...] = ()


class Desk(Protocol):
    """What people and machines may see of the fleet, and ask of it. Raises JournalUnavailable."""

    async def picture(self) -> Picture:
        """Return how everything stands now."""
        ...

    async def decide(self, request: Request, who: Identity, origin: Origin = HERE) -> Ruling:
        """Have what is asked for written down, with who asked and where, and the daemon woken, if that may be.

        Raises Forbidden (which is written down too), Refused where it cannot be as things are.
        """
        ...

    async def may(self, who: Identity, action: str, unit: UnitId | None) -> bool:
        """Whether somebody may do that to the unit, or to everything."""
        ...

    async def took(self, unit: UnitId) -> Mapping[str, timedelta]:
        """Return how long each sort of step took in the unit's newest rollouts."""
        ...


class Archive(Protocol):
    """What was. Raises JournalUnavailable."""

    async def rollouts(self, unit: UnitId | None, limit: int) -> Sequence[Rollout]:
        """Return the newest rollouts, newest first."""
        ...

    async def events(self, rollout: str, limit: int) -> Sequence[Entry]:
        """Return what was written down of a rollout, oldest first."""
        ...

    async def since(self, number: int, limit: int) -> Sequence[Entry]:
        """Return the entries after that number, oldest first."""
        ...

    async def states(self, unit: UnitId) -> Sequence[Kept]:
        """Return the states of the unit that are kept, newest first."""
        ...

    async def plan(self, plan: str) -> Plan:
        """Return a stored plan; KeyError when there is none."""
        ...


class Outlook(Protocol):
    """What would be, and what is there: looks at the fleet and changes nothing."""

    async def review(self, revision: str | None) -> Review:
        """Return what would follow from the revision, or from the newest commit; raise SourceError, NothingToDo."""
        ...

    async def sightings(self, what: str) -> Sequence[Sighting]:
        """Look now at the resources that the text names (``policy.sighted.fits``); raise NothingToDo, WorldError."""
        ...

    async def remembered(self, unit: str, target: str) -> Remembered:
        """Return what was seen last of units and on targets that fit the patterns, and the facts of all targets."""
        ...

    async def way_back(self, request: GoBack, who: Identity) -> WayBack:
        """Return what going back would do; nothing is decided. Raises Refused where it cannot be, NothingToDo."""
        ...


@dataclass(frozen=True, slots=True)
class Doorway:
    """All that a door needs."""

    desk: Desk
    archive: Archive
    outlook: Outlook
    printed: Printed
