"""A change of a container that is cut off after any of its requests: what comes next brings it to the same end."""

import asyncio

import pytest

from reconciler.model.target import UnixSocket
from reconciler.ports.errors import Halfway, Refused, Unreachable
from tests.apis.engine_world import free_port, one_app, page, version
from tests.lab.engine_proxy import in_front_of
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("after", ["planned anew", "the same operations again"])
async def test_a_replacement_that_was_cut_off_anywhere_ends_the_same(engine: OwnEngine, after: str) -> None:
    port = free_port() if after == "the same operations again" else None
    async with in_front_of(engine.socket, engine.folder) as proxy, one_app(engine) as app:
        await app.bring(app.of("network", name="backend"))
        async with one_app(engine, UnixSocket(path=str(proxy.socket))) as cut:
            cuts = 0
            while True:
                await app.bring(version(app, "app:1", port, memory=f"{32 + cuts}MiB"))
                before = engine.docker("inspect", "--format", "{{.Id}}", "shop")
                wanted = version(cut, "app:2", port, labels={"try": str(cuts)})
                operations = await cut.operations(wanted)
                proxy.cut_at, proxy.asked = cuts, []
                try:
                    await cut.apply(*operations)
                except (Unreachable, Halfway):
                    proxy.cut_at = None
                else:
                    break
                await cut.apply(*(await cut.operations(wanted) if after == "planned anew" else operations))
                assert await cut.fields(wanted) == {}
                assert names(engine) == ["shop running", "shop.previous exited"], f"cut after {cuts} requests"
                assert engine.docker("inspect", "--format", "{{.Id}}", "shop.previous") == before
                assert port is None or page(port) == b"two"
                cuts += 1
            assert cuts >= 6, proxy.changing


async def test_a_right_that_is_missing_in_the_middle_leaves_the_old_one_as_it_was(engine: OwnEngine) -> None:
    port = free_port()
    async with in_front_of(engine.socket, engine.folder) as proxy, one_app(engine) as app:
        await app.bring(app.of("network", name="backend"), version(app, "app:1", port))
        async with one_app(engine, UnixSocket(path=str(proxy.socket))) as cut:
            operations = await cut.operations(version(cut, "app:2", port))
            proxy.rule = lambda asked: not asked.path.endswith("/rename")
            with pytest.raises(Refused, match=r"cannot rename the container shop.* is not allowed here"):
                await cut.apply(*operations)
        assert names(engine) == ["shop running"]
        assert page(port) == b"one"


async def test_two_who_do_the_same_at_once_do_no_harm(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        await app.bring(app.of("network", name="backend"), version(app, "app:1"))
        operations = await app.operations(version(app, "app:2"))
        await asyncio.gather(app.apply(*operations), app.apply(*operations), return_exceptions=True)
        await app.bring(version(app, "app:2"))
        assert names(engine) == ["shop running", "shop.previous exited"]
        assert "app:1" in engine.docker("inspect", "shop.previous")


async def test_a_new_version_that_does_not_keep_running_leaves_the_old_one_as_it_was(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        port = free_port()
        one = version(app, "app:1", port)
        await app.bring(app.of("network", name="backend"), one)
        before = (await app.status(one))["id"]
        operations = await app.operations(version(app, "app:1", port, command=["false"]))
        with pytest.raises(Refused, match="does not keep running"):
            await app.apply(*operations)
        assert await app.fields(one) == {}
        assert (await app.status(one))["id"] == before
        assert page(port) == b"one"
        assert engine.docker("ps", "--all", "--format", "{{.Names}}").split() == ["shop"]


async def test_a_new_version_that_is_unhealthy_beside_the_old_one_never_gets_its_place(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        one = version(app, "app:1")
        await app.bring(app.of("network", name="backend"), one)
        sick = {"test": ["sh", "-c", "echo no database; exit 1"], "interval": "200ms", "retries": 1}
        operations = await app.operations(version(app, "app:2", healthcheck=sick))
        with pytest.raises(Refused, match=r"unhealthy [(]no database"):
            await app.apply(*operations)
        assert await app.fields(one) == {}
        assert engine.docker("ps", "--all", "--format", "{{.Names}}").split() == ["shop"]


async def test_a_port_that_somebody_else_has_is_told_and_the_old_one_runs_again(engine: OwnEngine) -> None:
    async with one_app(engine) as app:
        port, other = free_port(), free_port()
        one = version(app, "app:1", port)
        await app.bring(app.of("network", name="backend"), one)
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", other)
        async with server:
            ports = [f"127.0.0.1:{port}:80", f"127.0.0.1:{other}:80"]
            operations = await app.operations(version(app, "app:2", ports=ports))
            with pytest.raises(Refused, match="address already in use"):
                await app.apply(*operations)
        assert await app.fields(one) == {}
        assert page(port) == b"one"


def names(engine: OwnEngine) -> list[str]:
    """Return all containers with their state."""
    return sorted(engine.docker("ps", "--all", "--format", "{{.Names}} {{.State}}").splitlines())
