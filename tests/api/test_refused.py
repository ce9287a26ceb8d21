"""Who is refused at the door is in the journal: strangers by where they come from, others by what they wanted."""

from http import HTTPStatus

from reconciler.model.word import AccessRefused
from tests.api.world import BANK, SHOP, World, client


async def written(world: World) -> list[AccessRefused]:
    entries = await world.store.history.since(0, 1000)
    return [each.event for each in entries if isinstance(each.event, AccessRefused)]


async def test_a_stranger_is_written_down_by_where_they_come_from_once_in_a_while(world: World) -> None:
    made = world.app()
    for address in ("192.0.2.7", "192.0.2.7", "192.0.2.8"):
        async with client(made, address=address) as stranger:
            answers = [await stranger.get("/v1/units"), await stranger.get("/v1/nonsense")]
        assert {each.status_code for each in answers} == {HTTPStatus.UNAUTHORIZED}
    told = await written(world)
    assert [(each.name, each.login, each.action) for each in told] == [
        ("", "192.0.2.7", "come in"),
        ("", "192.0.2.8", "come in"),
    ]
    assert "come with a token" in told[0].reason


async def test_what_somebody_may_not_do_is_written_down_whichever_way_they_ask(world: World) -> None:
    async with client(world.app(), "viewer") as viewer:
        asked = await viewer.post(f"/v1/units/{SHOP}/hold", json={"reason": "x"})
        looked = await viewer.get(f"/v1/units/{BANK}")
        nowhere = await viewer.get("/v1/units/nothing@here")
    assert asked.status_code == HTTPStatus.FORBIDDEN
    assert (looked.status_code, nowhere.status_code) == (HTTPStatus.NOT_FOUND, HTTPStatus.NOT_FOUND)
    held, read = await written(world)
    assert (held.name, held.action, held.unit) == ("viewer", "hold", SHOP)
    assert (read.name, read.action, read.unit) == ("viewer", "read", None)
    assert read.reason == f"there is no {BANK}, or they may not read it"


async def test_who_only_looks_and_is_well_writes_nothing(world: World) -> None:
    async with client(world.app()) as anybody, client(world.app(), "viewer") as viewer:
        assert (await anybody.get("/healthz")).status_code == HTTPStatus.OK
        assert (await viewer.get("/v1/units")).status_code == HTTPStatus.OK
    assert await written(world) == []


async def test_a_scanner_does_not_fill_the_journal(world: World) -> None:
    async with client(world.app(), "viewer") as viewer:
        for number in range(200):
            assert (await viewer.get(f"/v1/units/x{number}@production")).status_code == HTTPStatus.NOT_FOUND
    assert len(await written(world)) == 1
