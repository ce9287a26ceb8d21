"""What programs on targets printed, asked over the API: page by page, and as it comes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.api.listening import Unix
from reconciler.api.server import served
from reconciler.model.identity import UnitId
from reconciler.model.output import Place, Stream
from reconciler.providers.clock import SystemClock
from reconciler.store.outputs import Fresh
from tests.api.world import BANK, SHOP, World, client

LOGS = f"/v1/units/{SHOP}/logs"


def fresh(world: World, text: str, step: int = 0, target: str = "web-1", unit: UnitId = SHOP) -> Fresh:
    place = Place(unit=unit, rollout=f"01jq8-{unit.app}", plan="sha256:1", step=step)
    return Fresh(place, target, Stream.OUTPUT, world.clock.now(), 0, text.encode())


async def put(world: World, *pieces: Fresh) -> list[int]:
    return list(await world.store.outputs.put(pieces))


async def test_pieces_are_shown_page_by_page_and_by_step_and_target(world: World) -> None:
    await put(world, fresh(world, "one"), fresh(world, "two", 1), fresh(world, "three", 1, "web-2"))
    async with client(world.app(), "viewer") as viewer:

        async def told(**query: object) -> list[str]:
            answer = await viewer.get(LOGS, params=query)
            assert answer.status_code == HTTPStatus.OK, answer.text
            return [each["printed"] for each in answer.json()["pieces"]]

        first = (await viewer.get(LOGS, params={"limit": 2})).json()
        assert [each["printed"] for each in first["pieces"]] == ["one", "two"]
        assert await told(after=first["next"]) == ["three"]
        assert await told(step=2) == ["two", "three"]
        assert await told(target="web-2", rollout="01jq8-shop") == ["three"]
        assert await told(rollout="another") == []
        later = (world.clock.now() + timedelta(hours=1)).isoformat()
        assert await told(since=later) == []
    assert first["pieces"][1] | {"number": 0, "at": ""} == {
        "number": 0,
        "rollout": "01jq8-shop",
        "plan": "sha256:1",
        "step": 2,
        "target": "web-1",
        "stream": "output",
        "at": "",
        "start": 0,
        "size": 3,
        "printed": "two",
    }


@pytest.mark.parametrize("query", ["step=0", "limit=0", "since=2026-01-01T00:00:00", "after=-1"])
async def test_what_makes_no_sense_is_refused(world: World, query: str) -> None:
    async with client(world.app(), "viewer") as viewer:
        assert (await viewer.get(f"{LOGS}?{query}")).status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("path", ["logs", "logs/stream"])
async def test_what_a_foreign_unit_printed_is_not_there(world: World, path: str) -> None:
    await put(world, fresh(world, "theirs", unit=BANK))
    async with client(world.app(), "viewer") as viewer, client(world.app()) as stranger:
        assert (await viewer.get(f"/v1/units/{BANK}/{path}")).status_code == HTTPStatus.NOT_FOUND
        assert (await stranger.get(f"/v1/units/{SHOP}/{path}")).status_code == HTTPStatus.UNAUTHORIZED


@asynccontextmanager
async def over_socket(world: World, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    path = folder / "api.sock"
    async with served(world.app(), Unix(path), 100):
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://reconciler", timeout=60) as made:
            yield made


async def heard(answer: httpx.Response, many: int) -> list[dict[str, Any]]:
    found = []
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "data":
            found.append(json.loads(value))
            if len(found) == many:
                break
    return found


async def test_what_is_printed_is_told_as_it_comes_and_goes_on_after_a_break(world: World, tmp_path: Path) -> None:
    numbers = await put(world, fresh(world, "before"))
    who = {"Authorization": "Bearer owner"}
    async with over_socket(world, tmp_path) as caller, asyncio.timeout(30):
        async with caller.stream("GET", f"{LOGS}/stream", headers=who) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert [each["printed"] for each in await heard(answer, 1)] == ["before"]
            await put(world, fresh(world, "now"), fresh(world, "theirs", unit=BANK))
        await put(world, fresh(world, "then"))
        again = who | {"Last-Event-ID": str(numbers[0])}
        async with caller.stream("GET", f"{LOGS}/stream", headers=again) as answer:
            assert [each["printed"] for each in await heard(answer, 2)] == ["now", "then"]


class _Losing(SystemClock):
    """Does something when it is waited for the first time: the stream has told all that there was."""

    def __init__(self, first: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._first: Callable[[], Awaitable[object]] | None = first

    async def sleep(self, duration: timedelta) -> None:
        first, self._first = self._first, None
        if first is not None:
            await first()


async def test_a_stream_ends_when_they_may_read_the_unit_no_longer(world: World) -> None:
    async def lose() -> None:
        world.desired = replace(world.desired, access=replace(world.desired.access, bindings=()))
        await put(world, fresh(world, "two"))

    await put(world, fresh(world, "one"))
    world.clock = _Losing(lose)
    async with client(world.app(), "viewer") as viewer, asyncio.timeout(30):
        answer = await viewer.get(f"{LOGS}/stream")
    assert '"printed":"one"' in answer.text
    assert "two" not in answer.text
