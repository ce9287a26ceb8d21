"""What every router with weights does: on real hosts, in a real cluster, and simulated."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from reconciler.ports.errors import Unreachable, WorldError
from tests.contract.cluster_routing import IN_CLUSTERS
from tests.contract.routing import REAL, SIMULATED, Simulated, World, drained, seen, servers, shares, told, until
from tests.lab import balancer
from tests.lab.hosts import LabHost
from tests.lab.load import Load


def _of(name: str) -> object:
    return pytest.param(name, marks=pytest.mark.lab) if name in REAL or name in IN_CLUSTERS else name


@pytest.fixture(params=[_of(name) for name in (*SIMULATED, *REAL, *IN_CLUSTERS)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made: World
    if request.param in SIMULATED:
        made = Simulated(SIMULATED[request.param])
    elif request.param in REAL:
        made = await REAL[request.param](request.getfixturevalue("balancers"))
    else:
        made = IN_CLUSTERS[request.param](request.getfixturevalue("cluster"))
    yield made
    await made.stop()


async def test_before_anybody_says_anything_all_get_the_same_on_every_load_balancer(world: World) -> None:
    found = await seen(world)
    assert sorted(found) == list(world.router.hosts)
    assert all(one == other > 0 for one, other in found.values())


async def test_weights_are_told_to_every_load_balancer_and_stay(world: World) -> None:
    assert await told(world, 10, 90) == dict.fromkeys(world.router.hosts, (10, 90))
    assert await seen(world) == dict.fromkeys(world.router.hosts, (10, 90))


async def test_who_is_not_named_keeps_what_it_has(world: World) -> None:
    await told(world, 10, 90)
    assert await told(world, 55) == dict.fromkeys(world.router.hosts, (55, 90))


async def test_telling_the_same_again_changes_nothing(world: World) -> None:
    for _ in range(2):
        assert await told(world, 100, 0) == dict.fromkeys(world.router.hosts, (100, 0))


async def test_a_drained_server_has_no_weight_until_it_is_given_one(world: World) -> None:
    await told(world, 60, 40)
    await drained(world)
    assert await told(world, 30, 70) == dict.fromkeys(world.router.hosts, (30, 70))


async def test_a_drained_server_has_nothing_under_way_after_a_while(world: World) -> None:
    for routes in (await drained(world)).values():
        assert routes[0].in_flight == (0 if world.counts else None)


async def test_what_a_load_balancer_forgets_is_seen_and_only_there(world: World) -> None:
    await told(world, 100, 0)
    *others, last = world.router.hosts
    await world.forget(last)
    async with asyncio.timeout(20):
        while (found := await seen(world))[last] == (100, 0):
            pass
    assert all(found[name] == (100, 0) for name in others)
    assert found[last][0] == found[last][1] > 0


async def test_a_load_balancer_that_is_away_is_named_and_the_others_are_told(world: World) -> None:
    name = world.router.hosts[-1]
    await world.away(name)
    with pytest.raises(Unreachable, match=name):
        await world.routers.weights(world.router, world.hosts)
    with pytest.raises(Unreachable, match=name):
        await world.routers.set_weights(world.router, shares(world, 20, 80), world.hosts)
    with pytest.raises(WorldError, match=name):
        await world.routers.drain(world.router, servers(world)[:1], world.hosts)


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
