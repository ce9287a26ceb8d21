"""GET /v1/audit: the record, as far as the caller may read it."""

from datetime import timedelta
from typing import Any

import pytest

from reconciler.model.event import Paused
from reconciler.model.word import AccessRefused
from tests.api.world import BANK, SHOP, World, client


async def _told(world: World, who: str, **query: str | int) -> dict[str, Any]:
    async with client(world.app(), who) as caller:
        answer = await caller.get("/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_who_reads_everything_sees_all_of_the_record_newest_first(world: World) -> None:
    told = await _told(world, "all-viewer")
    numbers = [each["number"] for each in told["records"]]
    assert numbers == sorted(numbers, reverse=True)
    assert {each.get("unit") for each in told["records"]} == {str(SHOP), str(BANK), None}
    assert (told["next"], told["lookedThrough"]) == (None, True)


async def test_who_reads_a_unit_sees_what_is_about_it_and_nothing_that_is_about_all(world: World) -> None:
    refused = AccessRefused(name="eve", login="token", action="read", unit=None, reason="why", at=world.clock.now())
    await world.store.append([refused], world.clock.now())
    told = await _told(world, "viewer")
    assert {each.get("unit") for each in told["records"]} == {str(SHOP)}
    assert (await _told(world, "viewer", unit=str(BANK)))["records"] == []
    assert "eve" in {each["who"] for each in (await _told(world, "all-viewer"))["records"]}


async def test_a_long_answer_is_read_in_parts(world: World) -> None:
    pauses = [Paused(unit=SHOP, author="ann", reason=f"reason {number}") for number in range(5)]
    await world.store.append(pauses, world.clock.now())
    found: list[str] = []
    below = 10**9
    for _ in range(5):
        told = await _told(world, "viewer", actor="ann", limit=2, below=below)
        found += [each["why"] for each in told["records"]]
        if told["next"] is None:
            break
        below = told["next"]
    assert found == [f"reason {number}" for number in reversed(range(5))]


async def test_a_record_is_chosen_by_time_and_text(world: World) -> None:
    now = world.clock.now()
    await world.store.append([Paused(unit=SHOP, author="ann", reason="long ago")], now - timedelta(days=30))
    await world.store.append([Paused(unit=SHOP, author="ann", reason="just now")], now)
    recent = await _told(world, "viewer", type="paused", since="2d")
    assert [each["why"] for each in recent["records"]] == ["just now"]
    old = await _told(world, "viewer", text="LONG AGO", until=(now - timedelta(days=1)).isoformat())
    assert [each["why"] for each in old["records"]] == ["long ago"]


@pytest.mark.parametrize(
    ("query", "said"), [({"since": "yesterday"}, "since: expected a duration"), ({"limit": 0}, "greater than")]
)
async def test_what_cannot_be_meant_is_told(query: dict[str, Any], said: str, world: World) -> None:
    async with client(world.app(), "viewer") as caller:
        answer = await caller.get("/v1/audit", params=query)
    assert answer.status_code == 422
    assert said in answer.text
