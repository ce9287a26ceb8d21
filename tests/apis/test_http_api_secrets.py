"""Secrets of things behind an HTTP API: sent, compared by keyed digests, and never said by anybody."""

from collections.abc import AsyncIterator

import pytest

from reconciler.ports.errors import Refused
from tests.apis.http_server import Api, Fault
from tests.apis.http_world import World, marker, record


@pytest.fixture
async def world(api: Api) -> AsyncIterator[World]:
    world = World(api)
    yield world
    await world.close()


async def test_secrets_are_sent_and_compared_by_their_keyed_digests(api: Api, world: World) -> None:
    body = {"name": "www", "ttl": 300, "password": marker("password"), "note": "pw: " + marker("password")}
    secrets = {"password": "dns/password"}
    www = world.of(record(body=body, secrets=secrets))
    await world.bring(www)
    password = world.values["dns/password"]
    assert [(each["password"], each["note"]) for each in api.named("www")] == [(password, f"pw: {password}")]
    api.edit("1", password="guessed")
    seen = await world.seen(www)
    found = await world.differs(www)
    assert found is not None
    assert [(each.path, each.secret) for each in found.fields] == [("body.password", True)]
    assert password not in repr((www, seen, found))
    assert "guessed" not in repr((seen, found))
    await world.bring(www)


@pytest.mark.parametrize("shown", ["masked", "not at all"])
async def test_a_secret_that_is_never_shown_is_known_from_what_was_applied(api: Api, world: World, shown: str) -> None:
    (api.masked if shown == "masked" else api.unshown).add("password")
    body = {"name": "www", "ttl": 300, "password": marker("password")}
    written = record(body=body, secrets={"password": "dns/password"}, hidden=["$.password"])
    first = world.of(written)
    await world.bring(first)
    assert await world.differs(first, first) is None
    world.values["dns/password"] = "renewed"
    second = world.of(written)
    found = await world.differs(second, first)
    assert found is not None
    assert [each.path for each in found.fields] == ["body.password"]
    await world.bring(second, first)
    assert api.named("www")[0]["password"] == "renewed"
    assert await world.differs(second, None) is not None, "who does not know what was applied sends it again"


async def test_what_an_api_echoes_is_shown_without_secrets(api: Api, world: World) -> None:
    body = {"name": "www", "ttl": 5, "password": marker("password")}
    www = world.of(record(body=body, secrets={"password": "dns/password"}))
    api.add(name="www", ttl=300)
    api.faults.append(
        Fault(status=422, body=b'{"error": "bad", "given": "pa\\"ss\\\\word"}', method="PUT"),
    )
    api.faults.append(Fault(status=400, body=b'nothing like pa"ss\\word here ' + b"x" * 5000, method="PUT"))
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await world.apply(*await world.plan(www))
        assert "ss\\word" not in str(refused.value)
        assert len(str(refused.value)) < 400


async def test_headers_of_a_request_may_have_secrets_too(api: Api, world: World) -> None:
    create = {"path": "/records", "headers": {"X-Key": marker("token")}}
    www = world.of(record(create=create, secrets={"token": "dns/token"}))
    assert "t0p-s3cret" not in repr(await world.plan(www))
    await world.bring(www)
    assert [each.headers["x-key"] for each in api.heard if each.method == "POST"] == ["t0p-s3cret"]


async def test_a_form_is_sent_as_a_form(api: Api, world: World) -> None:
    form = "application/x-www-form-urlencoded"
    www = world.of(
        record(
            create={"path": "/records", "media": form},
            body={"name": "www", "note": "a & b", "password": marker("password")},
            secrets={"password": "dns/password"},
        )
    )
    await world.bring(www)
    assert [(each["note"], each["password"]) for each in api.named("www")] == [("a & b", 'pa"ss\\word')]


async def test_a_secret_that_changed_since_the_plan_is_refused_before_anything_is_sent(api: Api, world: World) -> None:
    plain = world.of(record())
    body = {"name": "api", "password": marker("password")}
    read = {**record()["read"], "match": "item.name == 'api'"}
    other = world.of(record(name="api", read=read, body=body, secrets={"password": "dns/password"}))
    planned = (*await world.plan(plain), *await world.plan(other))
    world.values["dns/password"] = "renewed"
    with pytest.raises(Refused, match="a secret in it changed since the plan was made"):
        await world.apply(*planned)
    assert api.methods() == []
