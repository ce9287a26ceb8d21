"""Load balancers that are asked again and again: what wakes the loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from reconciler.daemon.routes_watch import PERIOD, RoutesSeen, RoutesWatch
from reconciler.model.traffic import HaproxyRouter, Member, Share
from reconciler.model.unit import Desired
from reconciler.ports.errors import WorldError
from reconciler.simulate.routers import SimRouters
from tests import factory as f
from tests.sim.clock import SimClock

ROUTER = HaproxyRouter(hosts=("lb-1",), backend="shop", members=(Member("web-1", "web-1"), Member("web-2", "web-2")))


class Stage:
    """A unit behind a load balancer, watched; ``rings`` counts."""

    def __init__(self) -> None:
        self.clock = SimClock(f.NOW)
        self.looks: list[asyncio.Task[None]] = []
        self.serves = {"web-1": True, "web-2": True}
        self.routers = SimRouters(self.clock, lambda member: self.serves[member.target], lambda _: None)
        self.hosts = {"lb-1": f.host("lb-1")}
        wanted = f.desired(f.unit(f.thing("/etc/paint")))
        unit = replace(wanted.units[f.SHOP], traffic=ROUTER)
        self.desired: Desired | None = replace(wanted, units={f.SHOP: unit}, targets={**wanted.targets, **self.hosts})
        self.seen = RoutesSeen(self.routers)
        self.passes = True
        self.rings = 0

    def ring(self) -> None:
        """A pass follows, and looks; or none does, while a rollout has the unit in hand."""
        self.rings += 1
        if self.passes:
            self.looks.append(asyncio.create_task(self.look()))

    async def look(self) -> None:
        with suppress(WorldError):
            await self.seen.weights(ROUTER, self.hosts)

    async def rounds(self, many: int = 2) -> int:
        """Let some rounds pass and return how often it rang meanwhile."""
        before = self.rings
        async with self.clock.ticking():
            await self.clock.sleep(PERIOD * (many + 0.5))
        return self.rings - before


@asynccontextmanager
async def _watched() -> AsyncIterator[Stage]:
    stage = Stage()
    task = asyncio.create_task(RoutesWatch(lambda: stage.desired, stage.seen, stage.ring, stage.clock).keep())
    try:
        await stage.rounds()
        yield stage
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _shares(stage: Stage) -> None:
    await stage.routers.set_weights(ROUTER, [Share("web-1", 10)], stage.hosts)


async def _reload(stage: Stage) -> None:
    await _shares(stage)
    await stage.rounds()
    stage.routers.reload("lb-1")


async def _away(stage: Stage) -> None:
    stage.routers.away.add("lb-1")


async def _ill(stage: Stage) -> None:
    stage.serves["web-2"] = False


CHANGES: list[Callable[[Stage], Awaitable[None]]] = [_shares, _reload, _away, _ill]


@pytest.mark.parametrize("change", CHANGES)
async def test_it_rings_once_when_a_load_balancer_says_something_else(
    change: Callable[[Stage], Awaitable[None]],
) -> None:
    async with _watched() as stage:
        await change(stage)
        assert await stage.rounds() == 1
        assert await stage.rounds() == 0


async def test_it_rings_for_what_it_hears_first_for_no_pass_may_have_seen_it() -> None:
    async with _watched() as stage:
        assert stage.rings == 1


async def test_what_is_the_same_again_after_a_pass_put_it_right_rings_again() -> None:
    async with _watched() as stage:
        await _shares(stage)
        assert await stage.rounds(1) == 1
        await stage.routers.set_weights(ROUTER, [Share("web-1", 100)], stage.hosts)
        await stage.look()
        await _shares(stage)
        assert await stage.rounds() == 1


async def test_while_no_pass_looks_the_same_answer_rings_once() -> None:
    async with _watched() as stage:
        stage.passes = False
        await _shares(stage)
        assert await stage.rounds(5) == 1


async def test_it_is_silent_while_everything_stays_as_it_is() -> None:
    async with _watched() as stage:
        assert await stage.rounds(20) == 0


async def test_it_asks_nobody_before_a_commit_has_loaded() -> None:
    async with _watched() as stage:
        stage.desired = None
        await _shares(stage)
        assert await stage.rounds() == 0
