"""What the door writes down of those who come: who they are, from where, and what they asked for under which id."""

import pytest

from reconciler.model.access import Login
from reconciler.model.deed import Requested, SignedIn
from reconciler.model.event import Event, Paused
from tests.api.world import SHOP, World, client

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


async def written(world: World) -> list[Event]:
    return [each.event for each in await world.store.history.since(0)]


async def test_who_comes_is_written_down_once_and_a_stranger_is_not(world: World) -> None:
    async with client(world.app(), "viewer") as viewer, client(world.app()) as stranger:
        for _ in range(3):
            await viewer.get("/v1/units")
        await stranger.get("/v1/units")
        await viewer.get("/healthz")
    told = [each for each in await written(world) if isinstance(each, SignedIn)]
    assert told == [SignedIn(name="viewer", login=Login.TOKEN, address="192.0.2.7")]


async def test_a_request_is_in_the_journal_with_the_id_of_its_answer(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        answer = await owner.post(f"/v1/units/{SHOP}/pause", json={"reason": "audit"}, headers={"traceparent": TRACE})
    assert answer.status_code == 200
    events = await written(world)
    (at,) = [number for number, each in enumerate(events) if isinstance(each, Requested)]
    assert events[at] == Requested(
        id=answer.headers["X-Request-Id"],
        name="owner",
        login=Login.TOKEN,
        verb="pause",
        unit=SHOP,
        reason="audit",
        address="192.0.2.7",
        trace=TRACE,
    )
    assert isinstance(events[at + 1], Paused)


@pytest.mark.parametrize("trace", ["", "nonsense", TRACE.upper(), TRACE + "\t", "00-" + "a" * 5000])
async def test_what_is_no_trace_is_not_written_down(world: World, trace: str) -> None:
    async with client(world.app(), "owner") as owner:
        await owner.post("/v1/pause", json={"reason": "audit"}, headers={"traceparent": trace})
    (asked,) = [each for each in await written(world) if isinstance(each, Requested)]
    assert asked.trace == ""
