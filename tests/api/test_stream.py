"""Events as they happen: what the caller may read, in order, with resume after a break, and without an end."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from reconciler.api.app import app
from reconciler.api.listening import Unix
from reconciler.api.server import served
from reconciler.api.streaming import HEARTBEAT
from reconciler.model.access import Identity
from reconciler.model.event import Event, Paused, Resumed
from reconciler.ports.identities import Credentials, Stranger
from reconciler.providers.clock import SystemClock
from tests.api.world import BANK, SHOP, SelfStyled, World, client

Told = tuple[int, str, dict[str, object]]


@asynccontextmanager
async def _over_socket(world: World, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    path = folder / "api.sock"
    async with served(world.app(), Unix(path), 100):
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://reconciler", timeout=60) as client:
            yield client


def _who(name: str) -> dict[str, str]:
    # Over the socket the test's identities have the user's id in their names.
    return {"Authorization": f"Bearer {name}"}


async def _heard(answer: httpx.Response, many: int) -> list[Told]:
    found: list[Told] = []
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name in ("id", "event", "data"):
            fields[name] = value
        elif not line and "data" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
            fields = {}
            if len(found) == many:
                break
    return found


async def _append(world: World, events: Iterable[Event]) -> None:
    await world.store.append(list(events), world.clock.now())


def _pauses(*reasons: str) -> list[Event]:
    return [Paused(unit=SHOP, author="anna", reason=each) for each in reasons]


async def test_events_are_told_as_they_happen(world: World, tmp_path: Path) -> None:
    async with (
        _over_socket(world, tmp_path) as client,
        client.stream("GET", "/v1/events/stream", headers=_who("owner")) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        await _append(world, [*_pauses("one"), Resumed(unit=SHOP, author="anna", reason="")])
        told = await _heard(answer, 2)
    newest = await world.store.history.newest()
    assert [(number, event) for number, event, _ in told] == [(newest - 1, "paused"), (newest, "resumed")]
    assert told[0][2]["unit"] == str(SHOP)


@pytest.mark.parametrize("again", ["header", "query"])
async def test_who_comes_back_hears_what_they_missed_and_nothing_twice(
    world: World, tmp_path: Path, again: str
) -> None:
    async with _over_socket(world, tmp_path) as client:
        begin = await world.store.history.newest()
        async with client.stream("GET", "/v1/events/stream", headers=_who("owner")) as answer:
            await _append(world, _pauses("one"))
            ((last, _, _),) = await _heard(answer, 1)
        await _append(world, _pauses("two", "three"))
        headers = _who("owner") | ({"Last-Event-ID": str(last)} if again == "header" else {})
        query = {"after": str(last if again == "query" else begin)}
        async with client.stream("GET", "/v1/events/stream", headers=headers, params=query) as answer:
            told = await _heard(answer, 2)
    assert [each["event"]["reason"] for _, _, each in told] == ["two", "three"]  # type: ignore[index]


async def test_what_may_not_be_read_is_not_told(world: World, tmp_path: Path) -> None:
    who = f"viewer-{os.getuid()}"
    bindings = world.desired.access.bindings
    (viewer,) = [each for each in bindings if each.name == "viewer"]
    bound = replace(viewer, subjects=(f"user:{who}",))
    world.desired = replace(world.desired, access=replace(world.desired.access, bindings=(bound,)))
    async with (
        _over_socket(world, tmp_path) as client,
        client.stream("GET", "/v1/events/stream", headers=_who("viewer")) as answer,
    ):
        await _append(world, [Paused(unit=BANK, author="anna", reason="secret"), *_pauses("one")])
        ((_, _, told),) = await _heard(answer, 1)
    assert told["unit"] == str(SHOP)


async def test_so_many_streams_at_once_and_no_more(world: World, tmp_path: Path) -> None:
    async with _over_socket(world, tmp_path) as client, asyncio.timeout(60):
        first = await _begun(client)
        others = [await _begun(client) for _ in range(2)]
        refused = await client.get("/v1/events/stream", headers=_who("owner"))
        await first.aclose()
        while (again := await _begun(client)).status_code != HTTPStatus.OK:
            await again.aclose()
        for each in (*others, again):
            await each.aclose()
    assert [each.status_code for each in (first, *others)] == [HTTPStatus.OK] * 3
    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert refused.headers["retry-after"] == "30"


class _Hasty(SystemClock):
    """Goes on by a heartbeat whenever it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._looked = 0

    def now(self) -> datetime:
        self._looked += 1
        return super().now() + self._looked * HEARTBEAT


class _Revoked(SelfStyled):
    """Knows everybody so many times, and nobody after that."""

    def __init__(self, good: int) -> None:
        self._good = good

    async def identify(self, credentials: Credentials) -> Identity | Stranger:
        self._good -= 1
        return await super().identify(credentials) if self._good >= 0 else Stranger("it was revoked")


@pytest.mark.parametrize(("good", "told"), [(1, 0), (2, 0), (3, 1)])
async def test_a_stream_ends_when_what_they_came_with_is_good_no_longer_also_when_much_happens(
    world: World, good: int, told: int
) -> None:
    world.clock = _Hasty()
    made = app(replace(world.door(), identities=_Revoked(good)))
    async with client(made, "owner") as owner, asyncio.timeout(20):
        answer = await owner.get("/v1/events/stream", params={"after": "0"})
    # It is asked before the journal is read, and before each event: in this journal are more.
    assert answer.text.count("data: ") == told


async def test_a_stream_ends_also_when_nothing_happens(world: World) -> None:
    world.clock = _Hasty()
    made = app(replace(world.door(), identities=_Revoked(3)))
    async with client(made, "owner") as owner, asyncio.timeout(20):
        answer = await owner.get("/v1/events/stream")
    assert answer.text.count(": heartbeat\n") == 2


async def _begun(client: httpx.AsyncClient) -> httpx.Response:
    request = client.build_request("GET", "/v1/events/stream", headers=_who("owner"))
    return await client.send(request, stream=True)
