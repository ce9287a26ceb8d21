"""What every router does: HAProxy and nginx on real hosts, and the simulated one."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from reconciler.ports.errors import Unreachable, WorldError
from tests.contract.routing import NAMES, REAL, Simulated, World, seen, shares, until
from tests.lab import balancer
from tests.lab.hosts import LabHost
from tests.lab.load import Load


@pytest.fixture(params=["simulated", *(pytest.param(name, marks=pytest.mark.lab) for name in REAL)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    make = REAL.get(request.param)
    made: World = await make(request.getfixturevalue("balancers")) if make else Simulated()
    yield made
    await made.stop()


async def test_before_anybody_says_anything_all_get_the_same_on_every_load_balancer(world: World) -> None:
    found = await seen(world)
    assert sorted(found) == list(NAMES)
    assert all(one == other > 0 for one, other in found.values())


async def test_weights_are_told_to_every_load_balancer_and_stay(world: World) -> None:
    await world.routers.set_weights(world.router, shares(world, 10, 90), world.hosts)
    assert await seen(world) == dict.fromkeys(NAMES, (10, 90))
    assert await seen(world) == dict.fromkeys(NAMES, (10, 90))


async def test_who_is_not_named_keeps_what_it_has(world: World) -> None:
    await world.routers.set_weights(world.router, shares(world, 10, 90), world.hosts)
    await world.routers.set_weights(world.router, shares(world, 55), world.hosts)
    assert await seen(world) == dict.fromkeys(NAMES, (55, 90))


async def test_telling_the_same_again_changes_nothing(world: World) -> None:
    for _ in range(2):
        await world.routers.set_weights(world.router, shares(world, 100, 0), world.hosts)
        assert await seen(world) == dict.fromkeys(NAMES, (100, 0))


async def test_a_drained_server_has_no_weight_until_it_is_given_one(world: World) -> None:
    await world.routers.drain(world.router, [world.router.members[0].server], world.hosts)
    assert [one for one, _ in (await seen(world)).values()] == [0, 0]
    await world.routers.set_weights(world.router, shares(world, 30, 70), world.hosts)
    assert await seen(world) == dict.fromkeys(NAMES, (30, 70))


async def test_a_drained_server_has_nothing_under_way_after_a_while(world: World) -> None:
    await world.routers.drain(world.router, [world.router.members[0].server], world.hosts)
    await until(lambda told: all(routes[0].in_flight == 0 for routes in told.values()), world)


async def test_what_a_load_balancer_forgets_is_seen_and_only_there(world: World) -> None:
    await world.routers.set_weights(world.router, shares(world, 100, 0), world.hosts)
    await world.forget("lb-2")
    async with asyncio.timeout(20):
        while (found := await seen(world))["lb-2"] == (100, 0):
            pass
    assert found["lb-1"] == (100, 0)
    assert found["lb-2"][0] == found["lb-2"][1] > 0


async def test_a_load_balancer_that_is_away_is_named_and_the_others_are_told(world: World) -> None:
    await world.away("lb-2")
    with pytest.raises(Unreachable, match="lb-2"):
        await world.routers.weights(world.router, world.hosts)
    with pytest.raises(Unreachable, match="lb-2"):
        await world.routers.set_weights(world.router, shares(world, 20, 80), world.hosts)
    with pytest.raises(WorldError, match="lb-2"):
        await world.routers.drain(world.router, [world.router.members[0].server], world.hosts)


@pytest.mark.lab
@pytest.mark.parametrize("name", REAL)
async def test_requests_go_where_the_weights_say_and_none_fails(name: str, balancers: Mapping[str, LabHost]) -> None:
    world = await REAL[name](balancers)
    url = f"http://{balancers['lb-1'].inner_address}:{balancer.PORT}/"
    await until(lambda told: all(route.serving for routes in told.values() for route in routes), world)
    async with Load(url, per_second=200) as load:
        for percent in (10, 50, 100, 0):
            await world.routers.set_weights(world.router, shares(world, 100 - percent, percent), world.hosts)
            await load.next(50)  # those that were under way
            found = (await load.next(300)).shares.get("web-2", 0)
            assert found == pytest.approx(percent / 100, abs=0.05)
        await world.routers.set_weights(world.router, shares(world, 50, 50), world.hosts)
        await world.routers.drain(world.router, [world.router.members[0].server], world.hosts)
        await until(lambda told: told["lb-1"][0].in_flight == 0, world)
        await world.sh("lb-1", "systemctl stop shop-web-1")
        assert (await load.next(100)).shares == {"web-2": 1.0}
        await world.sh("lb-1", "systemctl start shop-web-1")
        await world.routers.set_weights(world.router, shares(world, 50, 50), world.hosts)
        await load.next(100)
    await world.stop()
    assert load.tally.failed == 0, load.tally
