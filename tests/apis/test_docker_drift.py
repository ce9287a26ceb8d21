"""What others do to an engine's things is heard of at once; and engines that are away, slow or out of order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import pytest

from reconciler.model.change import Action
from reconciler.model.resource import Resource, Unknown
from reconciler.model.target import UnixSocket
from reconciler.ports.errors import Refused, Unreachable
from tests.apis.engine_world import OneApp, one_app, version
from tests.lab.engine_proxy import EngineProxy, in_front_of
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab

EVERY = timedelta(seconds=1)


def again(engine: OwnEngine, *words: str) -> None:
    """Make the container anew as somebody would by hand: with its labels, at the same name."""
    engine.docker("rm", "--force", "shop")
    spec = ["--label", "reconciler/spec=sha256:0"]
    engine.docker("run", "--detach", "--name", "shop", "--network", "backend", *spec, *words)


DRIFT: dict[str, tuple[Callable[[OwnEngine], object], set[str]]] = {
    "stopped": (lambda engine: engine.docker("stop", "--time", "1", "shop"), {"running"}),
    "paused": (lambda engine: engine.docker("pause", "shop"), {"running"}),
    "removed": (lambda engine: engine.docker("rm", "--force", "shop"), {"image"}),
    "renamed": (lambda engine: engine.docker("rename", "shop", "other"), {"image"}),
    "another image": (lambda engine: again(engine, "app:2"), {"image"}),
    "another limit": (
        lambda engine: engine.docker("update", "--memory", "99m", "--memory-swap", "-1", "shop"),
        {"memory"},
    ),
    "another restart policy": (lambda engine: engine.docker("update", "--restart", "no", "shop"), {"restart"}),
    "off its network": (lambda engine: engine.docker("network", "disconnect", "backend", "shop"), {"networks"}),
    "on a network more": (lambda engine: engine.docker("network", "connect", "extra", "shop"), {"networks"}),
    "the name of its image is another's": (lambda engine: engine.docker("tag", "app:2", "mine:1"), {"image"}),
    "the one before runs": (lambda engine: engine.docker("start", "shop.previous"), {"alone"}),
}


@pytest.mark.parametrize("what", list(DRIFT))
async def test_drift_is_heard_of_at_once_seen_and_healed(engine: OwnEngine, what: str) -> None:
    act, fields = DRIFT[what]
    engine.docker("tag", "app:1", "mine:1")
    async with one_app(engine) as app:
        shop = version(app, "mine:1", memory="64MiB")
        networks = [app.of("network", name="backend"), app.of("network", name="extra")]
        await app.bring(*networks, version(app, "app:2"))
        await app.bring(shop)
        async with aclosing(app.targets.changes(app.target, [shop], EVERY)) as changes:
            hearing = asyncio.create_task(anext(changes))
            await asyncio.sleep(0.3)
            assert not hearing.done()
            loop = asyncio.get_running_loop()
            await asyncio.to_thread(act, engine)
            done = loop.time()
            await asyncio.wait_for(hearing, 10)
            assert loop.time() - done < 2
        assert fields <= set(await app.fields(shop))
        await app.bring(shop)
        assert (await app.health(shop)).healthy


async def test_a_field_that_nobody_asked_for_is_nobodys_business(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        shop = version(app, "app:1")
        await app.bring(app.of("network", name="backend"), shop)
        engine.docker("update", "--cpu-shares", "512", "shop")
        assert await app.fields(shop) == {}


async def test_a_container_that_is_not_ours_is_replaced_only_where_git_says_so(engine: OwnEngine) -> None:
    engine.docker("network", "create", "backend")
    engine.docker("run", "--detach", "--name", "shop", "--network", "backend", "app:2")
    async with one_app(engine) as app:
        found = await app.difference(version(app, "app:1"))
        assert found is not None
        assert (found.action, found.loses) == (Action.REPLACE, ("the container shop",))
        await app.bring(version(app, "app:1"))
        await app.bring(version(app, "app:2"))


async def test_a_container_that_is_not_ours_beside_is_left_alone(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        await app.bring(app.of("network", name="backend"), version(app, "app:1"))
        engine.docker("run", "--detach", "--name", "shop.new", "--network", "backend", "app:2")
        with pytest.raises(Refused, match=r"a container shop[.]new that is not ours"):
            await app.apply(*await app.operations(version(app, "app:2")))
        assert engine.docker("inspect", "--format", "{{.State.Running}}", "shop.new") == "true"


async def test_a_container_that_ends_again_and_again_is_a_failure_at_once(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        shop = version(app, "app:1", command=["sh", "-c", "sleep 0.2; exit 3"])
        await app.apply(*await app.operations(app.of("network", name="backend"), shop))
        result = await app.health(shop)
        assert not result.healthy
        assert "exit 3" in result.detail or "restarted" in result.detail
        engine.docker("stop", "--time", "0", "shop")
        assert "shop is exited" in (await app.health(shop)).detail


async def test_an_engine_that_is_away_is_unknown_and_never_absent(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        shop = version(app, "app:1")
        await app.bring(app.of("network", name="backend"), shop)
        engine.stop()
        try:
            (seen,) = await app.seen(shop)
            assert isinstance(seen, Unknown)
            assert "does dockerd run" in seen.reason
            with pytest.raises(Unreachable):
                await anext(app.targets.changes(app.target, [shop], EVERY))
            result = await app.health(shop)
            assert not result.healthy
            assert not result.asked
        finally:
            engine.start()
        assert await app.fields(shop) == {}, "containers with a restart policy are there again"


async def test_only_the_one_that_has_the_name_runs_after_the_engine_was_started_anew(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        shop = version(app, "app:2", restart="always")
        await app.bring(app.of("network", name="backend"), version(app, "app:1", restart="always"))
        await app.bring(shop)
        engine.stop()
        engine.start()
        assert await app.fields(shop) == {}
        states = engine.docker("ps", "--all", "--format", "{{.Names}} {{.State}}").splitlines()
        assert sorted(states) == ["shop running", "shop.previous exited"]


async def test_an_engine_that_fails_or_is_cut_off_is_asked_again_and_then_told(engine: OwnEngine) -> None:
    async with proxied(engine) as (proxy, app):
        network, shop = app.of("network", name="backend"), version(app, "app:1")
        await app.bring(network, shop)
        await _hiccups(proxy, app, shop)
        proxy.fault = lambda asked: (500, "out of order") if asked.path.endswith("/start") else None
        with pytest.raises(Refused, match=r"cannot start the container shop[.]new on engine-1: out of order"):
            await app.apply(*await app.operations(version(app, "app:2")))
        proxy.fault = lambda asked: (500, "out of order") if not asked.changes else None
        (seen,) = await app.seen(shop)
        assert isinstance(seen, Unknown)
        assert "out of order" in seen.reason


@asynccontextmanager
async def proxied(engine: OwnEngine) -> AsyncIterator[tuple[EngineProxy, OneApp]]:
    """Have an app that reaches the engine through a proxy."""
    async with (
        in_front_of(engine.socket, engine.folder) as proxy,
        one_app(engine, UnixSocket(path=str(proxy.socket))) as app,
    ):
        yield proxy, app


async def _hiccups(proxy: EngineProxy, app: OneApp, shop: Resource) -> None:
    """One bad answer in between, a cut connection and a slow engine are no reason not to know."""
    left = [1]

    def once(_: object) -> tuple[int, str] | None:
        return (503, "busy") if left and left.pop() else None

    proxy.fault = once
    assert await app.fields(shop) == {}
    proxy.slow = 0.5
    looking = asyncio.create_task(app.fields(shop))
    await asyncio.sleep(0.2)
    proxy.cut()
    assert await looking == {}
    proxy.slow = 0
    proxy.fault = lambda _: None


async def test_a_stream_that_is_cut_is_told_so_that_it_can_be_heard_again(engine: OwnEngine) -> None:
    async with proxied(engine) as (proxy, app):
        network = app.of("network", name="backend")
        await app.bring(network)
        hearing = asyncio.create_task(anext(app.targets.changes(app.target, [network], EVERY)))
        await asyncio.sleep(0.3)
        proxy.cut()
        with pytest.raises(Unreachable):
            await asyncio.wait_for(hearing, 10)
