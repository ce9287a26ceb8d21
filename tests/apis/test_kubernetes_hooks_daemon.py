"""The whole program with hooks on a real cluster: a migration goes before, and one that fails takes its commit back."""

from typing import Any

import pytest

from tests.apis.kubernetes_world import deployment
from tests.apis.test_kubernetes_daemon import app, begin, world
from tests.apis.test_kubernetes_hooks import job
from tests.e2e.world import World
from tests.lab.kubernetes.cluster import Cluster

pytestmark = pytest.mark.lab

__all__ = ["world"]


def test_a_migration_goes_before_and_one_that_fails_takes_its_commit_back(world: World, cluster: Cluster) -> None:
    namespace = begin(world, cluster)
    shop = f"/apis/apps/v1/namespaces/{namespace}/deployments/shop"
    hook = f"/apis/batch/v1/namespaces/{namespace}/jobs/before-all"
    first = app(world, deployment(), job("migrate:1"))
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        run = cluster.get(hook)["metadata"]["uid"]

        second = app(world, deployment(image="registry.example/shop:2"), job("migrate:2"))
        world.until(world.in_sync_at(second), "the second commit is there")
        assert cluster.get(hook)["metadata"]["uid"] != run

        app(world, deployment(image="registry.example/shop:3"), job("fails-migrate:3"))
        world.until(lambda: "rejected" in str(world.unit()), "the third commit is rejected")
        world.until(world.state_of("holding"), "the bad commit was taken back")
        assert image_of(cluster.get(shop)) == "registry.example/shop:2"
        assert image_of(cluster.get(hook)) == "migrate:2"
        assert "has failed" in world.reconciler("explain", "shop@test").text


def image_of(workload: dict[str, Any]) -> str:
    """Return the image of its only container."""
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    found: str = container["image"]
    return found
