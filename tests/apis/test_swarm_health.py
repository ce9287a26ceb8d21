"""What a real Swarm says of its services: what does well, what fails, and what Swarm took back by itself."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.health import HttpCheck
from reconciler.model.resource import Absent, Resource, Unknown
from reconciler.model.target import Sort, UnixSocket
from reconciler.ports.errors import WorldError
from tests.apis.engine_world import free_port
from tests.apis.swarm_world import OneApp, one_app
from tests.lab.swarm import RealSwarm

pytestmark = pytest.mark.lab

ENDS = {"command": ["false"]}


async def test_an_image_that_is_nowhere_is_told_at_once_with_the_words_of_the_node(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service("nowhere:1")
        await app.bring(wanted)
        health = await app.health(wanted)
        assert (health.healthy, health.detail) == (False, "tasks of shop fail: No such image: nowhere:1")


async def test_a_task_that_ends_again_and_again_is_told_with_how_it_ended(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(**ENDS)
        await app.bring(wanted)
        health = await app.health(wanted)
        assert (health.healthy, health.detail) == (False, "tasks of shop fail: task: non-zero exit (1)")


async def test_a_task_that_is_not_started_again_is_told(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(**ENDS, restart={"condition": "none"})
        await app.bring(wanted)
        assert not (await app.health(wanted)).healthy


async def test_a_task_that_its_healthcheck_does_not_let_live_is_told(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        check = {"test": ["false"], "interval": "200ms", "timeout": "1s", "retries": 1}
        wanted = app.service(healthcheck=check)
        await app.bring(wanted)
        health = await app.health(wanted)
        assert not health.healthy
        assert "unhealthy container" in health.detail


async def test_a_task_that_no_node_takes_is_waited_for_with_the_reason(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(constraints=["node.labels.disk==ssd"])
        await app.bring(wanted)
        async with asyncio.timeout(30):
            while "no suitable node" not in (health := await app.check(wanted)).detail:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert health.pending


async def test_no_task_at_all_is_well_when_that_was_asked_for(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(replicas=0)
        await app.bring(wanted)
        assert (await app.health(wanted)).healthy


async def failed_update(app: OneApp, action: str) -> Resource:
    update = {"failureAction": action, "monitor": "2s", "parallelism": 1}
    first = app.service(replicas=2, update=update)
    await app.bring(first)
    assert (await app.health(first)).healthy
    second = app.service("app:2", replicas=2, update=update, **ENDS)
    await app.bring(second)
    return second


async def test_what_swarm_took_back_by_itself_is_no_success_and_finds_the_revert_done(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        second = await failed_update(app, "rollback")
        health = await app.health(second)
        assert not health.healthy
        assert health.detail.startswith("Swarm took the update of shop back by itself: ")
        first = app.service(replicas=2, update={"failureAction": "rollback", "monitor": "2s", "parallelism": 1})
        assert await app.fields(first) == {}
        assert (await app.health(first)).healthy
        assert swarm.running("shop") == ["app:1", "app:1"]


async def test_what_swarm_stopped_is_told_and_is_mended_by_the_next_update(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        second = await failed_update(app, "pause")
        swarm.wait(lambda: (swarm.service("shop").get("UpdateStatus") or {}).get("State") == "paused")
        health = await app.check(second)
        assert (health.healthy, health.pending) == (False, False)
        assert health.detail.startswith("Swarm stopped the update of shop: update paused due to failure")
        third = app.service("app:2", replicas=2)
        await app.bring(third)
        assert (await app.health(third)).healthy


async def test_the_end_of_a_task_that_did_well_is_mended_by_swarm(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(replicas=1)
        await app.bring(wanted)
        assert (await app.health(wanted)).healthy
        (task,) = swarm.engine.docker("ps", "--quiet").split()
        swarm.engine.docker("kill", task)
        assert (await app.health(wanted)).healthy
        assert await app.fields(wanted) == {}


async def test_a_service_that_is_another_one_by_now_is_not_what_was_asked_for(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service()
        gone = await app.check(wanted)
        assert (gone.healthy, gone.pending, gone.detail) == (False, False, "there is no service shop")
        await app.bring(wanted)
        swarm.engine.docker("service", "update", "--detach", "--label-rm", "reconciler/spec", "shop")
        assert (await app.check(wanted)).detail == "shop is not as it was asked for any more"


async def test_ports_are_asked_for_at_the_address_of_the_swarm(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        port = free_port()
        wanted = app.service(command=["httpd", "-f", "-p", str(port), "-h", "/www"], networks=["host"])
        await app.bring(wanted)
        assert (await app.health(wanted)).healthy
        assert (await app.targets.check(app.target, HttpCheck(port=port, contains="one", on=Sort.SWARM))).healthy


async def test_events_tell_of_a_change_at_once_and_of_nothing_while_nothing_changes(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(replicas=1)
        await app.bring(wanted)
        assert (await app.health(wanted)).healthy
        await app.seen(wanted)
        async with aclosing(app.targets.changes(app.target, [wanted], timedelta(seconds=1))) as changes:
            first = asyncio.ensure_future(anext(changes))
            done, _ = await asyncio.wait([first], timeout=2)
            assert not done
            swarm.engine.docker("service", "scale", "--detach", "shop=2")
            async with asyncio.timeout(5):
                await first


async def test_a_swarm_that_cannot_be_asked_says_nothing_of_its_services(swarm: RealSwarm) -> None:
    async with one_app(swarm, UnixSocket(path="/nowhere.sock")) as app:
        (seen,) = await app.seen(app.service())
        assert isinstance(seen, Unknown)
        assert not (await app.check(app.service())).asked
        with pytest.raises(WorldError, match="there is no /nowhere"):
            await app.apply(*CATALOG["swarmService"].commands(app.service(), Absent(), {}))
