"""A journal on disk, a simulated fleet and a driver: what tests of execution stand on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.execute.driver import Driver
from reconciler.execute.stepper import Stepper
from reconciler.execute.world import World
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, State
from reconciler.ports.journal import Lease
from reconciler.ports.metrics import Value
from reconciler.ports.outputs import SILENT
from reconciler.simulate.answers import SimHooks, SimMetrics
from reconciler.simulate.routers import SimRouters
from reconciler.simulate.world import SimWorld
from reconciler.store.journal import SqliteStore
from tests import factory
from tests.sim import plans
from tests.sim.clock import SimClock
from tests.sim.log import WatchedLog


@dataclass(slots=True)
class Stage:
    store: SqliteStore
    clock: SimClock
    world: SimWorld
    log: WatchedLog
    routers: SimRouters
    metrics: SimMetrics
    hooks: SimHooks

    def driver(self, owner: str = "one") -> Driver:
        return Driver(self.log, self.reach(), owner)

    def stepper(self) -> Stepper:
        return Stepper(self.log, self.reach())

    def reach(self) -> World:
        return World(
            targets=self.world,
            kinds=factory.KINDS,
            clock=self.clock,
            routers=self.routers,
            metrics=self.metrics,
            hooks=self.hooks,
            outputs=SILENT,
        )

    async def begin(self, plan: Plan, name: str = "r1") -> str:
        now = self.clock.now()
        await self.store.begin(plans.pending(plan, name, now), plan, plans.contents(plan.unit.version), now)
        return name

    async def good(self, plan: Plan, name: str = "r0") -> None:
        """Let the plan succeed, as the state to go back to."""
        await self.begin(plan, name)
        ended = await self.to_rest(name)
        assert ended.state is State.SUCCEEDED, ended.reason

    async def lease(self, name: str, owner: str = "one") -> Lease:
        now = self.clock.now()
        lease = await self.log.claim(name, owner, now, now + 3600 * plans.SECOND)
        assert lease
        return lease

    async def to_rest(self, name: str, owner: str = "one") -> Rollout:
        """Advance, jumping over waits, until nothing more happens by itself."""
        stepper, lease = self.stepper(), await self.lease(name, owner)
        while True:
            before = await self.store.load(name)
            after = await stepper.advance(name, lease)
            if after == before[0]:
                if after.wake_at is None or after.wake_at <= self.clock.now():
                    return after
                self.clock.jump(after.wake_at)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Stage]:
    store = await SqliteStore.open(folder / "journal.db")
    try:
        clock = SimClock(factory.NOW)
        world = SimWorld(clock)
        routers = SimRouters(clock, serves=lambda member: member.target not in world.down, told=lambda name: None)
        metrics = SimMetrics(lambda query: Value(0.0))
        yield Stage(store, clock, world, WatchedLog(store, clock), routers, metrics, SimHooks())
    finally:
        await store.close()
