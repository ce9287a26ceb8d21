"""How the fleet stands, read once for all who ask at about the same time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.api.answering import Rendered
from reconciler.api.answers import UnitAnswer
from reconciler.api.shown import unit_shown
from reconciler.control.where import places
from reconciler.model.access import Action, Identity
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture
from reconciler.ports.clock import Clock
from reconciler.ports.desk import Desk

FRESH = timedelta(milliseconds=500)
"""Older than this, it is read anew beside those who ask."""
OLDEST = timedelta(seconds=1)
"""Older than this, nobody is told it."""
_ANSWERS = 1000
_CALLERS = 1000


@dataclass(slots=True)
class View:
    """The fleet at one moment: units as they are shown, and what was made of them for callers."""

    picture: Picture
    units: Mapping[UnitId, UnitAnswer]
    at: datetime
    visible: dict[str, tuple[UnitId, ...]] = field(default_factory=dict)
    answers: dict[tuple[str, str], Rendered] = field(default_factory=dict)

    def keep(self, caller: str, query: str, answer: Rendered) -> None:
        """Have the answer for the next who asks the same."""
        if len(self.answers) < _ANSWERS:
            self.answers[caller, query] = answer


class Fleet:
    """Views of the fleet, at most a second old; what was decided through this door is in the next one."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._view: View | None = None
        self._reading: asyncio.Task[View] | None = None

    async def view(self) -> View:
        """Return a view; raises JournalUnavailable."""
        view, now = self._view, self._clock.now()
        age = now - view.at if view else OLDEST
        if view and timedelta(0) <= age < FRESH:
            return view
        reading = self._read()
        # Who asks is not kept waiting by each change in the journal: there may be hundreds a second.
        return view if view and timedelta(0) <= age < OLDEST else await asyncio.shield(reading)

    def forget(self) -> None:
        """Something was decided: whoever asks from now on sees it."""
        self._view = None
        self._reading = None

    async def visible(self, view: View, who: Identity) -> tuple[UnitId, ...]:
        """Return the units that somebody may read, by name."""
        caller = repr(who)
        found = view.visible.get(caller)
        if found is None:
            may = self._desk.may
            found = tuple([unit for unit in view.units if await may(who, Action.READ, unit)])
            if len(view.visible) < _CALLERS:
                view.visible[caller] = found
        return found

    def _read(self) -> "asyncio.Task[View]":
        if self._reading is None:
            self._reading = asyncio.create_task(self._made(), name="view of the fleet")
            self._reading.add_done_callback(self._read_over)
        return self._reading

    def _read_over(self, reading: "asyncio.Task[View]") -> None:
        failed = reading.cancelled() or reading.exception() is not None
        # One that was begun before somebody decided is not kept.
        if self._reading is reading:
            self._reading = None
            if not failed:
                self._view = reading.result()

    async def _made(self) -> View:
        at = self._clock.now()
        picture = await self._desk.picture()
        return await asyncio.to_thread(_view, picture, at)


def _view(picture: Picture, at: datetime) -> View:
    return View(picture, {each.unit: unit_shown(picture, each) for each in places(picture)}, at)
