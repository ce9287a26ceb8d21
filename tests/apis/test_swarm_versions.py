"""Configs and secrets of a real Swarm: each content is an object of its own, and services move from one to the next."""

import base64
import json

import pytest

from reconciler.model.change import Action
from reconciler.model.resource import Absent, Present, Resource
from reconciler.ports.errors import Refused
from tests.apis.swarm_world import OneApp, one_app
from tests.lab.swarm import RealSwarm

pytestmark = pytest.mark.lab


def text(app: OneApp, content: str) -> tuple[Resource, Resource]:
    """A config with that content, and the service that has it as a file."""
    config = app.of("swarmConfig", name="settings", content=content)
    return config, app.service(configFiles=[{"config": "settings", "path": "/etc/shop.toml"}])


def used(swarm: RealSwarm, sort: str = "Config") -> list[str]:
    files = swarm.service("shop")["Spec"]["TaskTemplate"]["ContainerSpec"][f"{sort}s"]
    return [each[f"{sort}Name"] for each in files]


async def test_another_text_is_another_config_and_moves_the_service_to_it(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(*reversed(text(app, "a = 1")))
        (first,) = swarm.names("config")
        assert used(swarm) == [first]
        assert first.startswith("settings-")
        other = text(app, "a = 2")
        assert set(await app.fields(*other)) == {"content", "configFiles"}
        await app.bring(*other)
        (second,) = used(swarm)
        assert swarm.names("config") == sorted((first, second))
        written = json.loads(swarm.engine.docker("config", "inspect", second))[0]["Spec"]["Data"]
        assert base64.b64decode(written) == b"a = 2"
        assert (await app.health(other[1])).healthy


async def test_a_text_that_swarm_has_already_is_gone_back_to_without_a_new_config(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        first, second = text(app, "a = 1"), text(app, "a = 2")
        await app.bring(*first)
        await app.bring(*second)
        assert [each.op for each in await app.bring(*first)] == ["put_service"]


async def test_versions_go_when_no_service_has_one_or_could_go_back_to_it(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        for number in range(4):
            await app.bring(*text(app, f"a = {number}"))
        last = [text(app, f"a = {number}")[0].attributes["object"] for number in (1, 2, 3)]
        assert swarm.names("config") == sorted(map(str, last))


async def test_a_config_goes_with_all_of_its_versions_once_no_service_has_it(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(*text(app, "a = 1"))
        config, service = text(app, "a = 2")
        await app.bring(config, service)
        await app.take_away(service, config)
        assert swarm.names("config") == []


async def test_the_value_of_a_secret_gets_to_swarm_and_its_digest_nowhere_as_it_is(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        secret = app.of("swarmSecret", name="db", secret="shop/db")
        service = app.service(secretFiles=[{"secret": "db", "path": "password", "mode": "0400"}])
        await app.bring(secret, service)
        (name,) = swarm.names("secret")
        assert used(swarm, "Secret") == [name]
        assert (await app.health(service)).healthy
        (task,) = swarm.engine.docker("ps", "--quiet").split()
        assert swarm.engine.docker("exec", task, "cat", "/run/secrets/password") == "hunter2"
        (seen,) = await app.seen(secret)
        assert isinstance(seen, Present)
        assert str(seen.attributes["content"]).startswith("keyed:")
        app.secrets.values["shop/db"] = "hunter3"
        other = app.of("swarmSecret", name="db", secret="shop/db")
        assert set(await app.fields(other, service)) == {"content", "secretFiles"}
        await app.bring(other, service)
        swarm.wait(lambda: len(swarm.engine.docker("ps", "--quiet").split()) == 1)
        assert (await app.health(service)).healthy


async def test_a_value_that_changed_since_the_plan_was_made_is_not_sent(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        operations = await app.operations(app.of("swarmSecret", name="db", secret="shop/db"))
        app.secrets.values["shop/db"] = "hunter3"
        with pytest.raises(Refused, match="a secret in it changed since the plan was made"):
            await app.apply(*operations)
        assert swarm.names("secret") == []


async def test_an_object_of_the_name_that_is_not_ours_is_left_alone(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        config = text(app, "a = 1")[0]
        swarm.engine.docker("config", "create", str(config.attributes["object"]), "-", stdin=b"other")
        assert (await app.differences(config))["swarmConfig:settings"].action is Action.CREATE
        with pytest.raises(Refused, match="already exists"):
            await app.apply(*await app.operations(config))
        assert await app.seen(config) == [Absent()]


async def test_a_config_that_was_there_before_is_used_by_its_own_name(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        swarm.engine.docker("config", "create", "theirs", "-", stdin=b"other")
        service = app.service(configFiles=[{"config": "theirs", "path": "/etc/shop.toml"}])
        await app.bring(service)
        assert used(swarm) == ["theirs"]
