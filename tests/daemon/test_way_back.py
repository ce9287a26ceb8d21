"""A revert does not wait for a pass, nor for hosts that are none of its business."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.event import RolloutMoved
from reconciler.model.identity import UnitId
from reconciler.model.resource import Resource, Survey
from reconciler.model.rollout import State
from reconciler.model.target import Host
from reconciler.simulate.world import SimWorld
from tests.daemon.fleet import KEY, Fleet, app, opened
from tests.factory import NOW
from tests.sim.clock import SimClock

SHOP = UnitId("shop", "testing")
BYSTANDER = f"""\
kind: Host
metadata: {{name: db-1, labels: {{role: db}}}}
spec: {{environment: testing, address: 203.0.113.9, user: deploy, hostKey: "{KEY}"}}
---
kind: App
metadata: {{name: database}}
spec:
  version: "1"
  environments: {{testing: {{}}}}
  targets: {{hosts: {{role: db}}}}
  resources: [wall: {{name: /database, colour: grey}}]
""".encode()


@dataclass(slots=True)
class Hanging(SimWorld):
    """Hosts that take no notice of who looks at them, until ``go_on`` is set."""

    hanging: set[str] = field(default_factory=set)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def survey(self, host: Host, resources: Sequence[Resource]) -> Survey:
        if host.name in self.hanging:
            await self.go_on.wait()
        return await SimWorld.survey(self, host, resources)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a level; the test's time limit is the limit."""
    while not await holds():  # noqa: ASYNC110 - it is a level, and nobody announces it
        await asyncio.sleep(0.01)


async def taken_back(fleet: Fleet) -> None:
    """Wait until the rollout of the shop is at its end."""

    async def ended() -> bool:
        moves = [one for one in await fleet.events() if isinstance(one, RolloutMoved) and one.unit == SHOP]
        return moves[-1].after == State.REVERTED

    await until(ended)


async def failing(fleet: Fleet) -> None:
    """Wait until the bad version is everywhere; it has not failed by then."""

    async def red() -> bool:
        return fleet.colours() == ["red", "red"]

    await until(red)


async def test_it_begins_while_another_host_holds_up_the_pass(tmp_path: Path) -> None:
    hosts = Hanging(SimClock(NOW))
    async with opened(tmp_path, hosts) as fleet:
        await fleet.commit("good", shop=app("green"), database=BYSTANDER)
        await fleet.settled()
        hosts.unhealthy = {"red"}
        await fleet.commit("bad", shop=app("red"))
        passing = asyncio.create_task(fleet.settled())
        await failing(fleet)
        hosts.hanging = {"db-1"}
        await taken_back(fleet)
        assert not passing.done()
        assert fleet.colours() == ["green", "green"]
        hosts.go_on.set()
        await passing


async def test_a_target_in_trouble_is_not_waited_for(tmp_path: Path) -> None:
    hosts = Hanging(SimClock(NOW))
    async with opened(tmp_path, hosts) as fleet:
        await fleet.commit("good", shop=app("green"))
        await fleet.settled()
        hosts.unhealthy = {"red"}
        await fleet.commit("bad", shop=app("red"))
        passing = asyncio.create_task(fleet.settled())
        await failing(fleet)
        hosts.hanging = {"web-2"}
        await taken_back(fleet)
        assert fleet.colours() == ["green", "red"]
        hosts.go_on.set()
        await passing
        assert fleet.colours() == ["green", "green"]
