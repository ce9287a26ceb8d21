"""The whole program on a real cluster: from a commit to objects and back, and what somebody else changes is mended."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apis.kubernetes_world import config_map, deployment
from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World
from tests.lab.kubernetes.cluster import Cluster

pytestmark = pytest.mark.lab


@pytest.fixture
def world(tmp_path: Path, cluster: Cluster) -> Iterator[World]:
    """A repository with one cluster, and nothing to do yet."""
    with made_world(tmp_path, "web-1") as made:
        yield made


def begin(world: World, cluster: Cluster) -> str:
    """Write down the cluster, who we are to it, and a namespace, which is returned."""
    namespace = cluster.namespace()
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets" / "kube").write_text(cluster.kubeconfig().read_text())
    world.settings(secrets={"directory": "secrets"}, drift={"interval": "1h"}, log={"level": "debug"})
    spec = {"environment": "test", "namespace": namespace, "kubeconfig": {"secret": "kube"}}
    target = {"kind": "KubernetesCluster", "metadata": {"name": "kube-1", "labels": {"role": "apps"}}, "spec": spec}
    world.write({"desired-state/cluster.yaml": documents.text(target)})
    world.policy(prune={"mode": "delete", "atMost": "100%"})
    return namespace


def app(world: World, *manifests: dict[str, Any], **spec: Any) -> str:
    """Commit the app with these objects."""
    resources = [{"kubernetes": {"manifest": each}} for each in manifests]
    return world.app(*resources, targets={"kubernetesClusters": {"role": "apps"}}, **spec)


def test_a_commit_becomes_objects_is_kept_and_what_leaves_git_is_taken_away(world: World, cluster: Cluster) -> None:
    namespace = begin(world, cluster)
    shop = f"/apis/apps/v1/namespaces/{namespace}/deployments/shop"
    text = f"/api/v1/namespaces/{namespace}/configmaps/shop"
    first = app(world, config_map(text="a"), deployment())
    planned = world.reconciler("plan")
    assert "spec.replicas" in planned.text
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        assert cluster.get(shop)["status"]["readyReplicas"] == 2
        assert "No changes." in world.reconciler("plan").text

        cluster.merge(shop, {"spec": {"replicas": 7}})
        cluster.wait(shop, lambda there: there["spec"]["replicas"] == 2)
        cluster.delete(text)
        cluster.wait(text, lambda there: there["data"] == {"text": "a"})

        second = app(world, deployment(image="registry.example/shop:2"))
        world.until(world.in_sync_at(second), "the second commit is there")
        cluster.wait_gone(text)

        app(world, deployment(image="registry.example/missing:3"))
        world.until(lambda: "rejected" in str(world.unit()), "the third commit is rejected")
        world.until(world.state_of("holding"), "the bad commit was taken back")
        world.until(lambda: world.rollout_state() == "", "the way back is at its end")
        (container,) = cluster.get(shop)["spec"]["template"]["spec"]["containers"]
        assert container["image"] == "registry.example/shop:2"


def test_a_daemon_that_was_killed_goes_on_where_it_was(world: World, cluster: Cluster) -> None:
    namespace = begin(world, cluster)
    first = app(world, deployment(image="registry.example/waits:1"))
    with world.daemon() as daemon:
        world.until(lambda: world.rollout_state() == "running", "the rollout runs")
        cluster.wait(f"/apis/apps/v1/namespaces/{namespace}/deployments/shop", lambda there: there["status"])
        daemon.kill()
    second = app(world, deployment(image="registry.example/shop:2"))
    assert first != second
    with world.daemon():
        world.until(world.in_sync_at(second), "the next daemon goes on")
    there = cluster.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/shop")
    assert there["status"]["readyReplicas"] == 2


def test_what_another_manager_has_is_named_and_left_until_git_says_that_it_is_to_be_taken(
    world: World, cluster: Cluster
) -> None:
    namespace = begin(world, cluster)
    cluster.apply(config_map(text="theirs"), namespace)
    text = f"/api/v1/namespaces/{namespace}/configmaps/shop"
    app(world, config_map(text="ours"))
    said = world.reconciler("plan")
    assert "data.text (set by lab)" in said.flat
    assert "`adopt: true`" in said.flat
    world.reconciler("run", "--once")
    assert cluster.get(text)["data"] == {"text": "theirs"}

    resource = {"kubernetes": {"manifest": config_map(text="ours"), "adopt": True}}
    world.app(resource, targets={"kubernetesClusters": {"role": "apps"}})
    world.settled()
    assert cluster.get(text)["data"] == {"text": "ours"}
