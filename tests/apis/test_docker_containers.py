"""Containers on a real Docker Engine: brought there, replaced, mended, taken away."""

import pytest

from reconciler.diff.veiling import veiled
from reconciler.kinds.catalog import CATALOG
from reconciler.model.change import Action
from reconciler.model.container import PutContainer
from reconciler.model.resource import Absent, Present
from reconciler.model.verdict import Owned
from tests.apis.engine_world import SECRET, free_port, one_app, page, version
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab


async def test_a_container_is_brought_there_needs_nothing_more_and_goes(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        port = free_port()
        shop = app.of(
            "container",
            name="shop",
            image="app:1",
            ports=[f"127.0.0.1:{port}:80"],
            env={"COLOUR": "blue"},
            labels={"team": "checkout"},
            memory="64MiB",
            cpus=0.5,
            pids=50,
            networks=["backend"],
            volumes=["data:/data"],
            tmpfs={"/scratch": "size=1m"},
            cap_drop=["NET_RAW"],
            read_only=True,
            hostname="shop",
            user="0",
            stop_timeout="1s",
            healthcheck={"test": ["true"], "interval": "1s"},
            extra_hosts=["db:192.0.2.1"],
            init=True,
            running=True,
        )
        wanted = [shop, app.of("network", name="backend"), app.of("volume", name="data", removable=True)]
        assert await app.seen(*wanted) == [Absent()] * 3
        await app.bring(*wanted)
        assert (await app.health(shop)).healthy
        assert page(port) == b"one"
        await app.take_away(*wanted)
        assert engine.docker("ps", "--all", "--quiet") == ""


async def test_another_version_takes_the_place_and_the_old_one_is_kept_stopped(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        port = free_port()
        one, two = (version(app, image, port) for image in ("app:1", "app:2"))
        await app.bring(app.of("network", name="backend"), one)
        first = (await app.status(one))["id"]
        found = await app.difference(two)
        assert found is not None
        assert found.action is Action.REPLACE
        await app.bring(two)
        assert page(port) == b"two"
        assert (await app.status(two))["previous"] == first
        await app.bring(one)
        assert (await app.status(one))["id"] == first
        assert page(port) == b"one"


async def test_a_secret_stands_in_the_environment_of_the_container_and_nowhere_else(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        env = {"URL": f"postgres://shop:{SECRET}@db"}
        shop = app.of("container", name="shop", image="app:1", env=env, secrets={"password": "shop/db"})
        assert "hunter2" not in repr(shop)
        (operation,) = await app.operations(shop)
        assert isinstance(operation, PutContainer)
        await app.bring(shop)
        assert "URL=postgres://shop:hunter2@db" in engine.docker("inspect", "shop")
        (seen,) = await app.seen(shop)
        assert "hunter2" not in repr(seen)
        app.secrets.values["shop/db"] = "changed"
        again = app.of("container", name="shop", image="app:1", env=env, secrets={"password": "shop/db"})
        assert set(await app.fields(again)) == {"env.URL"}


async def test_a_variable_that_was_secret_is_not_shown_when_it_becomes_plain(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        env = {"URL": f"postgres://shop:{SECRET}@db"}
        before = app.of("container", name="shop", image="app:1", env=env, secrets={"password": "shop/db"})
        await app.bring(before)
        found = await app.difference(app.of("container", name="shop", image="app:1", env={"URL": "postgres://db"}))
        assert found is not None
        shown = veiled(found.fields, Owned(resource=before, created=True))
        assert "env.URL" in {each.path for each in shown}
        assert "hunter2" not in repr(shown)


async def test_what_somebody_else_has_in_the_place_of_a_container_stays_when_it_leaves(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        shop = app.of("container", name="shop", image="app:1")
        await app.bring(shop)
        engine.docker("create", "--name", "shop.previous", "app:2")
        await app.take_away(shop)
        assert names(engine) == {"shop.previous"}

        await app.bring(app.of("container", name="web", image="app:1"))
        web = app.of("container", name="web", image="app:1")
        engine.docker("rm", "--force", "web")
        engine.docker("create", "--name", "web", "app:2")
        (seen,) = await app.seen(web)
        assert isinstance(seen, Present)
        assert CATALOG["container"].removal(web, seen) == ()


def names(engine: OwnEngine) -> set[str]:
    return set(engine.docker("ps", "--all", "--format", "{{.Names}}").split())
