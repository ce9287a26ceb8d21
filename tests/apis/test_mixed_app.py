"""One app on a host, an engine, a cluster and an HTTP API: one plan, in order of need, one rollout and one way back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apis.engine_world import free_port, page
from tests.apis.kubernetes_world import deployment
from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.documents import check, file
from tests.e2e.world import World
from tests.lab.kubernetes.cluster import Cluster
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab

TARGETS = {"hosts": {}, "dockerEngines": {}, "kubernetesClusters": {}}


class Mixed:
    """A host, an engine and a cluster of one environment, and an app on all of them."""

    def __init__(self, world: World, engine: OwnEngine, cluster: Cluster) -> None:
        self.world, self.engine, self.cluster = world, engine, cluster
        self.namespace = cluster.namespace()
        self.port = free_port()
        (world.folder / "secrets").mkdir()
        (world.folder / "secrets" / "kube").write_text(cluster.kubeconfig().read_text())
        world.settings(secrets={"directory": "secrets"}, drift={"interval": "1h"})
        access = {"namespace": self.namespace, "kubeconfig": {"secret": "kube"}}
        world.write(
            {
                "desired-state/engine.yaml": self._target(
                    "DockerEngine", "engine-1", address="127.0.0.1", unix={"path": str(engine.socket)}
                ),
                "desired-state/cluster.yaml": self._target("KubernetesCluster", "kube-1", **access),
            }
        )
        world.policy(prune={"mode": "delete", "atMost": "100%"})

    def _target(self, kind: str, name: str, **spec: Any) -> str:
        return documents.text({"kind": kind, "metadata": {"name": name}, "spec": {"environment": "test", **spec}})

    def commit(self, version: str, *, image: str | None = None, **more: Any) -> str:
        """Commit a version: the host's file needs the container, and the container needs the Deployment."""
        run = deployment(image=image or f"registry.example/shop:{version}")
        shop = {"name": "shop", "image": f"app:{version}", "stopTimeout": "1s", "networks": ["backend"]}
        shop |= {"ports": [f"127.0.0.1:{self.port}:80"]}
        resources = [
            file(f"{version}\n", dependsOn=["container:shop"]),
            {"network": {"name": "backend"}},
            {"container": {**shop, "dependsOn": ["kubernetes:Deployment.apps/shop"]}},
            {"kubernetes": {"manifest": run}},
        ]
        return self.world.app(*resources, targets=TARGETS, version=version, **more)

    def versions(self) -> tuple[str, str, str]:
        """Return what runs on the host, on the engine and in the cluster."""
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/shop"
        (container,) = self.cluster.get(path)["spec"]["template"]["spec"]["containers"]
        there = (self.world.home() / "shop.txt").read_text().strip()
        return there, {b"one": "1", b"two": "2"}[page(self.port)], container["image"].rpartition(":")[2]


@pytest.fixture
def mixed(tmp_path: Path, engine: OwnEngine, cluster: Cluster) -> Iterator[Mixed]:
    with made_world(tmp_path, "web-1") as world:
        yield Mixed(world, engine, cluster)


def order_of_changes(world: World) -> list[str]:
    """Return the targets of the newest rollout's plan in the order they are changed."""
    (unit,) = json.loads(world.reconciler("plan", "--format", "json").out)["units"]
    steps = [step for step in unit["plan"]["steps"] if step["step"] == "apply"]
    return [each["target"] for step in steps for each in step["targets"]]


def test_all_of_it_is_one_plan_and_one_rollout_in_order_of_need(mixed: Mixed) -> None:
    first = mixed.commit("1")
    assert order_of_changes(mixed.world) == ["kube-1", "engine-1", "web-1"]
    mixed.world.settled()
    assert mixed.versions() == ("1", "1", "1")
    assert mixed.world.in_sync_at(first)()
    second = mixed.commit("2")
    mixed.world.settled()
    assert mixed.versions() == ("2", "2", "2")
    assert mixed.world.in_sync_at(second)()
    assert mixed.world.settled().out == "Nothing to do: everything is as it shall be.\n"


def test_what_is_bad_on_the_last_target_takes_all_of_them_back(mixed: Mixed) -> None:
    mixed.commit("1", health=[check("true")])
    mixed.world.settled()
    mixed.commit("2", health=[check("grep -q 1 shop.txt")])
    said = mixed.world.reconciler("run", "--once")
    assert said.status == 3, said.text
    assert mixed.versions() == ("1", "1", "1")


def test_what_is_bad_on_the_first_target_never_comes_to_the_others(mixed: Mixed) -> None:
    mixed.commit("1")
    mixed.world.settled()
    container = mixed.engine.docker("inspect", "--format", "{{.Id}}", "shop")
    mixed.commit("2", image="registry.example/missing:2")
    said = mixed.world.reconciler("run", "--once")
    assert said.status == 3, said.text
    assert "ImagePullBackOff" in said.flat
    assert mixed.versions() == ("1", "1", "1")
    assert mixed.engine.docker("inspect", "--format", "{{.Id}}", "shop") == container


def test_drift_is_seen_and_healed_wherever_it_is(mixed: Mixed) -> None:
    commit = mixed.commit("1")
    path = f"/apis/apps/v1/namespaces/{mixed.namespace}/deployments/shop"
    with mixed.world.daemon():
        mixed.world.until(mixed.world.in_sync_at(commit), "the commit is there")
        mixed.cluster.merge(path, {"spec": {"replicas": 5}})
        mixed.engine.docker("rm", "--force", "shop")
        (mixed.world.home() / "shop.txt").write_text("mine\n")
        mixed.cluster.wait(path, lambda there: there["spec"]["replicas"] == 2)
        mixed.world.until(lambda: "shop" in mixed.engine.docker("ps", "--format", "{{.Names}}").split(), "it runs")
        mixed.world.until(lambda: (mixed.world.home() / "shop.txt").read_text() == "1\n", "the file is back")
        mixed.world.until(mixed.world.in_sync_at(commit), "all is healed")
    assert mixed.versions() == ("1", "1", "1")


def test_killed_between_two_targets_it_goes_on_where_it_was(mixed: Mixed) -> None:
    mixed.commit("1")
    mixed.world.settled()
    commit = mixed.commit("2")
    with mixed.world.daemon() as daemon:
        mixed.cluster.wait(
            f"/apis/apps/v1/namespaces/{mixed.namespace}/deployments/shop",
            lambda there: there["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":2"),
        )
        daemon.kill()
    with mixed.world.daemon():
        mixed.world.until(mixed.world.in_sync_at(commit), "the commit is there")
    assert mixed.versions() == ("2", "2", "2")
