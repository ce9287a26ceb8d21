"""What execution relies on in every Targets, of HTTP APIs; and what those tell by themselves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from datetime import timedelta

import pytest

from reconciler.model.health import CheckResult, ResourceCheck, TcpCheck
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.model.target import Sort
from reconciler.ports.errors import Refused, Unreachable
from reconciler.ports.targets import Transaction
from tests.apis.http_server import Api, Fault, serving
from tests.apis.http_world import KIND, World, record

SOON = timedelta(milliseconds=30)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def cut(api: Api) -> Iterator[Callable[[], None]]:
    with serving(api) as stop:
        yield stop


@pytest.fixture
async def world(api: Api, cut: Callable[[], None]) -> AsyncIterator[World]:
    world = World(api, look_every=SOON)
    yield world
    await world.close()


async def test_what_was_applied_needs_nothing_more(world: World) -> None:
    www = world.of(record())
    await world.bring(www)
    assert await world.plan(www) == ()


async def test_a_change_leaves_what_it_does_not_name(api: Api, world: World) -> None:
    theirs = api.add(name="theirs", ttl=1)
    before = dict(api.records[theirs])
    await world.bring(world.of(record()))
    assert api.records[theirs] == before


async def test_what_was_removed_is_absent_and_may_be_removed_again(world: World) -> None:
    www = world.of(record())
    await world.bring(www)
    gone = KIND.removal(www, await world.seen(www))
    for _ in range(2):
        await world.apply(*gone)
        assert await world.seen(www) == Absent()


async def test_a_transaction_that_took_effect_may_be_asked_for_again(api: Api, world: World) -> None:
    www = world.of(record())
    made = await world.plan(www)
    for _ in range(3):
        await world.apply(*made, again="t1")
    assert len(api.named("www")) == 1
    assert api.methods() == ["POST /v1/records"]


async def test_a_look_answers_for_all_that_was_asked_and_for_nothing_else(api: Api, world: World) -> None:
    api.add(name="www", ttl=1)
    wanted = [
        world.of(record()),
        world.of(record(name="gone", read={"path": "/records/99"})),
        world.of(record(name="odd", read={"path": "/records"})),
        world.of(record(name="unknown", read={"path": "/records", "object": "$.none"})),
    ]
    survey = await world.targets.survey(world.target, wanted)
    assert set(survey.observations) == {each.id for each in wanted}
    states = [survey.of(each.id).state for each in wanted]
    assert states == ["present", "absent", "unknown", "unknown"]


async def test_a_transaction_without_operations_changes_nothing(api: Api, world: World) -> None:
    await world.targets.apply(world.target, Transaction(id="t1", operations=()))
    assert api.heard == []


async def test_nothing_is_known_of_an_api_that_is_away_and_nothing_is_done(
    api: Api, world: World, cut: Callable[[], None]
) -> None:
    www = world.of(record(healthy="object.ttl > 0"))
    check = world.check
    made = await world.plan(www)
    cut()
    seen = await world.look(www)
    assert isinstance(seen, Unknown)
    assert "connection refused" in seen.reason.lower()
    with pytest.raises(Unreachable):
        await world.apply(*made)
    assert (await world.health(check)).asked is False


async def test_what_is_refused_leaves_everything_as_it_was(api: Api, world: World) -> None:
    api.add(name="www", ttl=300)
    before = dict(api.records)
    with pytest.raises(Refused):
        await world.apply(*await world.plan(world.of(record(body={"name": "www", "ttl": 1}))))
    assert api.records == before


async def test_a_slow_api_is_not_waited_for_longer_than_is_said(api: Api) -> None:
    with serving(api):
        world = World(api, limit=timedelta(milliseconds=200))
        www = world.of(record(healthy="object.ttl > 0"))
        check = world.check
        assert isinstance(check, ResourceCheck)
        api.faults += [Fault(slow=2, method="GET")] * 2
        seen = await world.look(www)
        assert isinstance(seen, Unknown)
        assert "within 0.2 s" in seen.reason
        assert (await world.health(check)).healthy is False
        await world.close()


async def test_a_check_that_needs_a_port_is_not_for_an_api(world: World) -> None:
    answer = await world.targets.check(world.target, TcpCheck(port=80, on=Sort.HTTP_API))
    assert answer == CheckResult(healthy=False, detail="tcp :80 cannot be asked of an API", asked=False)


async def test_what_changes_is_told_and_what_stays_is_not(api: Api, world: World) -> None:
    www = world.of(record())
    await world.bring(www)
    assert isinstance(await world.look(www), Present)
    async with aclosing(world.targets.changes(world.target, [www], SOON)) as changes:
        waiting = asyncio.ensure_future(anext(changes))
        asked = len(api.heard)
        while len(api.heard) < asked + 3:
            await asyncio.wait([waiting], timeout=0.01)
        assert not waiting.done()
        api.edit("1", owner="somebody")
        while len(api.heard) < asked + 6:
            await asyncio.wait([waiting], timeout=0.01)
        assert not waiting.done(), "it is no field of ours"
        api.edit("1", ttl=1)
        async with asyncio.timeout(10):
            await waiting
            await world.look(www)
            waiting = asyncio.ensure_future(anext(changes))
            api.remove("1")
            await waiting


async def test_who_watches_an_api_that_goes_away_is_told(world: World, cut: Callable[[], None]) -> None:
    www = world.of(record())
    await world.look(www)
    cut()
    async with aclosing(world.targets.changes(world.target, [www], SOON)) as changes, asyncio.timeout(10):
        with pytest.raises(Unreachable):
            await anext(changes)
