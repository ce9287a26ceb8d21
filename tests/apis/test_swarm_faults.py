"""What can go wrong between us and a real Swarm: rights that are missing, answers that are lost, nodes that changed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from reconciler.model.resource import Resource, Unknown
from reconciler.model.target import UnixSocket
from reconciler.ports.errors import Denied, Halfway, Stale, Unreachable
from tests.apis.swarm_world import OneApp, one_app
from tests.docs.pages import page, section
from tests.lab.engine_proxy import Asked, EngineProxy, in_front_of
from tests.lab.swarm import RealSwarm

pytestmark = pytest.mark.lab


def rights() -> re.Pattern[str]:
    """What the reference says is all that has to be allowed at a Swarm's socket."""
    (block,) = re.findall(r"```text\n(GET /version\n.*?)```", section(page("targets.md"), "## Docker Swarm"), re.DOTALL)
    return re.compile("|".join(re.escape(line).replace(r"\*", "[^/]+") for line in block.split("\n") if line))


@asynccontextmanager
async def through_a_proxy(swarm: RealSwarm) -> AsyncIterator[tuple[EngineProxy, OneApp]]:
    """Have an app that reaches the Swarm through a proxy."""
    async with (
        in_front_of(swarm.socket, swarm.engine.folder) as proxy,
        one_app(swarm, UnixSocket(path=str(proxy.socket))) as app,
    ):
        yield proxy, app


def everything(app: OneApp, image: str, text: str) -> tuple[Resource, ...]:
    return (
        app.of("swarmNetwork", name="backend"),
        app.of("swarmConfig", name="settings", content=text),
        app.of("swarmSecret", name="db", secret="shop/db"),
        app.service(
            image,
            replicas=1,
            networks=["backend"],
            configFiles=[{"config": "settings", "path": "/etc/shop.toml"}],
            secretFiles=[{"secret": "db"}],
        ),
    )


async def test_nothing_needs_more_rights_than_the_reference_names(swarm: RealSwarm) -> None:
    allowed = rights()
    async with through_a_proxy(swarm) as (proxy, app):
        proxy.rule = lambda asked: allowed.fullmatch(str(asked)) is not None
        await app.bring(*everything(app, "app:1", "a = 1"))
        last = everything(app, "app:2", "a = 2")
        await app.bring(*last)
        assert (await app.health(last[-1])).healthy
        await app.take_away(*last)
        assert proxy.refused == []


async def test_a_right_that_is_missing_is_told_by_its_name(swarm: RealSwarm) -> None:
    async with through_a_proxy(swarm) as (proxy, app):
        proxy.rule = lambda asked: asked.path != "/services/create"
        with pytest.raises(Denied, match=r"cannot create the service shop on swarm-1: .* is not allowed here"):
            await app.apply(*await app.operations(app.service()))
        proxy.rule = lambda asked: not asked.path.startswith("/services")
        (seen,) = await app.seen(app.service())
        assert isinstance(seen, Unknown)
        assert "is not allowed here" in seen.reason
    assert swarm.names("service") == []


async def test_a_service_that_was_removed_and_cannot_be_made_anew_is_not_as_it_was(swarm: RealSwarm) -> None:
    async with through_a_proxy(swarm) as (proxy, app):
        await app.bring(app.service())
        operations = await app.operations(app.service(mode="global"))
        proxy.rule = lambda asked: asked.path != "/services/create"
        with pytest.raises(Halfway, match=r"cannot create the service shop .*it was removed"):
            await app.apply(*operations)


async def test_a_node_that_is_no_manager_any_more_is_no_word_about_its_services(swarm: RealSwarm) -> None:
    async with through_a_proxy(swarm) as (proxy, app):
        wanted = app.service()
        await app.bring(wanted)
        said = "This node is not a swarm manager."
        proxy.fault = lambda asked: (503, said) if asked.path.startswith("/services") else None
        (seen,) = await app.seen(wanted)
        assert isinstance(seen, Unknown)
        assert said in seen.reason
        check = await app.check(wanted)
        assert (check.healthy, check.asked) == (False, False)


@pytest.mark.parametrize("after", ["planned anew", "the same operations again"])
async def test_a_change_that_was_cut_off_anywhere_ends_the_same(swarm: RealSwarm, after: str) -> None:
    async with through_a_proxy(swarm) as (proxy, cut), one_app(swarm) as app:
        cuts = 0
        while True:
            await app.bring(*everything(app, "app:1", f"a = {cuts}"))
            wanted = everything(cut, "app:2", f"b = {cuts}")
            operations = await cut.operations(*wanted)
            proxy.cut_at, proxy.asked = cuts, []
            try:
                await cut.apply(*operations)
            except (Unreachable, Halfway):
                proxy.cut_at = None
            else:
                break
            await cut.apply(*(await cut.operations(*wanted) if after == "planned anew" else operations))
            assert await cut.fields(*wanted) == {}
            assert swarm.image_of("shop") == "app:2"
            cuts += 1
        assert cuts >= 2, proxy.changing
        proxy.cut_at = None


async def test_an_update_by_another_hand_in_the_very_moment_of_ours_is_not_overwritten(swarm: RealSwarm) -> None:
    async with through_a_proxy(swarm) as (proxy, ours), one_app(swarm) as app:
        await app.bring(app.service(replicas=1))

        def meddle(asked: Asked) -> tuple[int, str] | None:
            if asked.path.endswith("/update"):
                swarm.engine.docker("service", "update", "--detach", "--replicas", "4", "shop")
            return None

        operations = await ours.operations(ours.service("app:2", replicas=1))
        proxy.fault = meddle
        with pytest.raises(Stale, match="update out of sequence; somebody else has changed it"):
            await ours.apply(*operations)
        assert (swarm.image_of("shop"), swarm.replicas_of("shop")) == ("app:1", 4)
