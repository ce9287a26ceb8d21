"""Services of a real Swarm: brought there, kept, changed, taken away."""

import pytest

from reconciler.model.resource import Absent
from tests.apis.swarm_world import RealSwarm, one_app

pytestmark = pytest.mark.lab


async def test_a_service_is_brought_there_does_well_needs_nothing_more_and_goes(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(replicas=2)
        assert await app.seen(wanted) == [Absent()]
        await app.bring(wanted)
        health = await app.health(wanted)
        assert (health.healthy, health.detail) == (True, "shop: 2 of 2 tasks run")
        assert swarm.running("shop") == ["app:1", "app:1"]
        assert await app.operations(wanted) == []
        await app.take_away(wanted)
        assert swarm.names("service") == []


async def test_swarm_brings_another_version_by_itself_as_the_document_says(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(replicas=2))
        other = app.service("app:2", replicas=2, update={"parallelism": 1, "order": "start-first"})
        assert (await app.fields(other))["image"] == ("app:1", "app:2")
        await app.bring(other)
        assert (await app.check(other)).pending
        assert (await app.health(other)).healthy
        assert swarm.running("shop") == ["app:2", "app:2"]
