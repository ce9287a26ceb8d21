"""Hooks on a real API server: run before and after, run again when they change or have failed, and not otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.model.cluster import ApplyObject
from reconciler.model.resource import Present
from reconciler.ports.errors import Halfway, TimedOut
from tests.apis.kubernetes_world import OneApp, config_map, one_app
from tests.lab.kubernetes.cluster import Cluster
from tests.lab.kubernetes.pods import STATE, State

pytestmark = pytest.mark.lab


def job(image: str, when: str = "before", **annotations: str) -> dict[str, Any]:
    """Return a hook."""
    container = {"name": "job", "image": image}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    metadata = {"name": f"{when}-all", "annotations": {"reconciler/hook": when, **annotations}}
    spec = {"backoffLimit": 0, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def uid(app: OneApp, cluster: Cluster, when: str = "before") -> str:
    """Return which run of the hook is there."""
    found: str = cluster.get(app.path("batch/v1", "jobs", f"{when}-all"))["metadata"]["uid"]
    return found


async def test_hooks_are_run_around_the_rest_and_only_once(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wanted = app.of(job("migrate:1", "after"), config_map(text="a"), job("migrate:1"))
        assert [each.object.name for each in await app.operations(*wanted) if isinstance(each, ApplyObject)] == [
            *("before-all", "shop", "after-all")
        ]
        await app.bring(*wanted)
        assert await app.operations(*wanted) == []
        before = uid(app, cluster)

        changed = app.of(job("migrate:1", "after"), config_map(text="b"), job("migrate:1"))
        await app.bring(*changed)
        assert uid(app, cluster) == before

        again = app.of(job("migrate:1", "after"), config_map(text="b"), job("migrate:2"))
        await app.bring(*again)
        assert uid(app, cluster) != before
        await app.take_away(*again)


async def test_a_label_on_a_hook_does_not_run_it_again(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        await app.bring(*app.of(job("migrate:1")))
        before = uid(app, cluster)
        await app.bring(*app.of(job("migrate:1", note="new")))
        assert uid(app, cluster) == before


async def test_a_hook_that_fails_keeps_the_rest_from_being_made_and_is_run_again(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wanted = app.of(job("fails-migrate:1"), config_map(text="a"))
        with pytest.raises(Halfway, match="before-all has failed; see `kubectl logs"):
            await app.apply(*await app.operations(*wanted))
        assert cluster.find(app.path("v1", "configmaps", "shop")) is None
        first = uid(app, cluster)

        (hook, _) = await app.seen(*wanted)
        assert isinstance(hook, Present)
        assert hook.attributes["finished"] is False
        with pytest.raises(Halfway, match="has failed"):
            await app.apply(*await app.operations(*wanted))
        assert uid(app, cluster) != first

        await app.bring(*app.of(job("migrate:2"), config_map(text="a")))


async def test_a_hook_that_still_runs_is_waited_for_and_not_run_twice(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wanted = app.of(job("endless-migrate:1"), config_map(text="a"))
        with pytest.raises(TimedOut, match="still runs"):
            await app.apply(*shorter(await app.operations(*wanted)))
        first = uid(app, cluster)
        # The same step once more, and a plan that was made anew: neither touches what runs.
        for _ in range(2):
            with pytest.raises(TimedOut, match="still runs"):
                await app.apply(*shorter(await app.operations(*wanted)))
        assert uid(app, cluster) == first

        _end(app, cluster)
        await app.bring(*wanted)
        assert uid(app, cluster) == first


def shorter(operations: Any) -> list[Any]:
    """The same operations, which wait less long."""
    return [replace(each, limit=timedelta(seconds=1)) for each in operations]


def _end(app: OneApp, cluster: Cluster) -> None:
    """Have the pod of the hook end well."""
    pods = cluster.get(f"/api/v1/namespaces/{app.namespace}/pods")["items"]
    change: Mapping[str, Any] = {"metadata": {"annotations": {STATE: State.SUCCEEDED}}}
    for pod in pods:
        cluster.merge(app.path("v1", "pods", pod["metadata"]["name"]), change)
