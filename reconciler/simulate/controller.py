"""The controller in a simulation: passes as the daemon makes them, and what they start, life after life."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.hands import Hands
from reconciler.daemon.loop import LONGEST_REST, rest
from reconciler.daemon.one_pass import NothingToDo, one_pass
from reconciler.daemon.wake import Wake
from reconciler.daemon.way_back import way_back
from reconciler.daemon.world import World
from reconciler.execute.driver import Driver
from reconciler.execute.world import World as ExecuteWorld
from reconciler.model.assessment import Review
from reconciler.ports.kind import Kind
from reconciler.ports.outputs import SILENT
from reconciler.simulate.answers import SimHooks, SimMetrics
from reconciler.simulate.archives import SimArchives, SimProvenance
from reconciler.simulate.commits import SimCommits
from reconciler.simulate.journal import MemoryJournal
from reconciler.simulate.life import Death, Killed, Life, Mortal
from reconciler.simulate.loop import LoopClock
from reconciler.simulate.routers import SimRouters
from reconciler.simulate.world import SimWorld

T = TypeVar("T")

AT_LEAST = timedelta(milliseconds=100)
FOR_EVER = timedelta(days=365)
RESTARTS_IN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything around a controller that outlives it."""

    clock: LoopClock
    journal: MemoryJournal
    hosts: SimWorld
    routers: SimRouters
    metrics: SimMetrics
    hooks: SimHooks
    commits: SimCommits
    kinds: Mapping[str, Kind]


async def on_the_spot(work: Callable[[], T], /) -> T:
    """Think here and now; time stands still meanwhile."""
    return work()


class Controller:
    """Passes whenever something rings, and acts; a life that has ended is followed by another.

    ``deaths`` are when the first lives end. ``review`` is what the last pass concluded.
    """

    def __init__(self, around: Surroundings, deaths: Iterable[Death] = ()) -> None:
        self._around = around
        self._deaths = iter(deaths)
        self._life = Life()
        self._wake = Wake()
        self._hands: Hands | None = None
        self._passing = True
        self.review: Review | None = None
        self.lives = 0

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way, and the last pass found nothing to do."""
        return not self._passing and self._hands is not None and not self._hands.busy

    def ring(self) -> None:
        """Ask for a pass: something has changed."""
        self._passing = True
        self._wake.ring()

    def kill(self) -> None:
        """End the life that there is."""
        self._life.end()

    async def live(self, spared: Callable[[], Iterable[asyncio.Task[Any]]]) -> None:
        """Live on and on; when a life ends all tasks end with it but those that are ``spared`` then."""
        this = asyncio.current_task()
        while True:
            self._life = Life(next(self._deaths, None))
            self.lives += 1
            living = asyncio.ensure_future(self._one_life(self._life))
            dying = asyncio.ensure_future(self._life.died.wait())
            await asyncio.wait((living, dying), return_when=asyncio.FIRST_COMPLETED)
            if not self._life.died.is_set():
                await living
            self._hands, self._passing = None, True
            others = asyncio.all_tasks() - {*spared(), this}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self._around.clock.sleep(RESTARTS_IN)

    async def _one_life(self, life: Life) -> None:
        await self._around.journal.break_leases()
        world = self._world(life)
        self._wake = Wake()
        self._hands = Hands(world.driver, self.ring, partial(way_back, world))
        with suppress(Killed):
            while True:
                await self._wake.heard(await self._pass(world, self._hands))

    async def _pass(self, world: World, hands: Hands) -> timedelta:
        self._passing = True
        try:
            seen = await one_pass(world)
        except NothingToDo:
            self._passing = False
            return FOR_EVER
        busy = hands.busy
        self.review = await carry_out(seen, world, hands)
        if hands.broken:
            raise next(iter(hands.broken.values()))
        self._passing = busy and not hands.busy
        return self._rest(self.review)

    def _rest(self, review: Review) -> timedelta:
        soonest = rest(review, self._around.clock.now())
        # Nothing here changes without a ring, but what runs on where nobody can see it, and what has to be tried again.
        restless = review.interrupted or any(each.unseen for each in review.assessments)
        longest = LONGEST_REST if restless else FOR_EVER
        return max(longest if soonest is None else soonest, AT_LEAST)

    def _world(self, life: Life) -> World:
        around = self._around
        journal = Mortal(around.journal, life)
        drives = Driver(
            journal,
            ExecuteWorld(
                targets=around.hosts,
                kinds=around.kinds,
                clock=around.clock,
                routers=around.routers,
                metrics=around.metrics,
                hooks=around.hooks,
                outputs=SILENT,
            ),
            owner=f"life-{self.lives}",
        )
        return World(
            commits=around.commits,
            authorship=around.commits,
            journal=journal,
            log=journal,
            targets=around.hosts,
            routers=around.routers,
            artifacts=SimArchives(),
            provenance=SimProvenance(),
            kinds=around.kinds,
            clock=around.clock,
            driver=drives,
            aside=on_the_spot,
        )
