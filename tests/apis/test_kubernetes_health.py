"""How objects of a real cluster do: rollouts that end well, and those that never will, told long before a deadline."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.kinds import kubernetes
from reconciler.model.health import CheckResult, ResourceCheck
from tests.kinds.cases import Repository
from tests.lab.kubernetes.cluster import Cluster
from tests.lab.kubernetes.objects import Paths

pytestmark = pytest.mark.lab
PATIENCE = 0.05
TRIES = 600
LABELS = {"app": "shop"}


class Watched:
    """A namespace of the cluster, and what is applied to it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.namespace = cluster.namespace()
        self._checks: dict[str, ResourceCheck] = {}
        self._client = cluster.client()
        self._paths = Paths(self._client)

    def close(self) -> None:
        self._client.close()

    def apply(self, manifest: dict[str, Any], **rules: str) -> None:
        spec = kubernetes.Spec.model_validate({"manifest": manifest, "namespace": self.namespace, **rules})
        (rendered,) = kubernetes.render(spec, Repository())
        (check,) = rendered.health
        assert isinstance(check, ResourceCheck)
        self._checks[manifest["kind"]] = check
        self.cluster.apply(manifest, self.namespace)

    def health(self, kind: str) -> CheckResult:
        """Ask the cluster and judge, once."""
        subject = self._checks[kind].subject
        read = kubernetes.asked(subject)
        found = read.object
        path = self._paths.of(
            {"apiVersion": found.api_version, "kind": found.kind, "metadata": {"name": found.name}}, found.namespace
        )
        lists = []
        for each in read.listed:
            item = {"apiVersion": each.api_version, "kind": each.kind, "metadata": {"name": ""}}
            selector = ",".join(f"{key}={value}" for key, value in each.labels)
            answer = self._client.get(self._paths.of(item, found.namespace), params={"labelSelector": selector})
            lists.append(json.dumps(answer.raise_for_status().json()["items"]))
        there = self.cluster.find(path)
        return kubernetes.judged(subject, ["" if there is None else json.dumps(there), *lists])

    def until(self, kind: str, state: str) -> list[CheckResult]:
        """Return all results until one is in that state."""
        seen: list[CheckResult] = []
        for _ in range(TRIES):
            seen.append(self.health(kind))
            if _state(seen[-1]) == state:
                return seen
            time.sleep(PATIENCE)
        raise AssertionError(f"{kind} never was {state}: {[each.detail for each in seen[-3:]]}")


def _state(result: CheckResult) -> str:
    return "well" if result.healthy else "coming" if result.pending else "wrong"


@pytest.fixture
def watched(cluster: Cluster) -> Iterator[Watched]:
    """A namespace of its own."""
    found = Watched(cluster)
    yield found
    found.close()


def workload(kind: str, image: str, **more: Any) -> dict[str, Any]:
    container = {"name": "web", "image": image}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": LABELS}, "template": template, **more}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "shop"}, "spec": spec}


def job(image: str, **more: Any) -> dict[str, Any]:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "job", "image": image}]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "shop"},
        "spec": {"template": template, **more},
    }


def test_a_deployment_is_on_its_way_and_then_well_each_time(watched: Watched) -> None:
    for image in ("shop:1", "slow-shop:2"):
        watched.apply(workload("Deployment", image, replicas=3))
        seen = watched.until("Deployment", "well")
        assert all(each.pending for each in seen[:-1]), seen
        assert seen[-1].detail == "3 of 3 replicas are available"
    # The second takes longer than a look: it was not taken for done by what was there of the first.
    assert len(seen) > 1


@pytest.mark.parametrize(
    ("image", "reason"), [("broken-shop:2", "CrashLoopBackOff"), ("missing-shop:2", "ImagePullBackOff")]
)
def test_a_deployment_with_a_bad_image_is_wrong_long_before_its_deadline(
    watched: Watched, image: str, reason: str
) -> None:
    watched.apply(workload("Deployment", "shop:1", replicas=2))
    watched.until("Deployment", "well")
    watched.apply(workload("Deployment", image, replicas=2))
    told = watched.until("Deployment", "wrong")[-1].detail
    assert reason in told
    assert "container web" in told

    watched.apply(workload("Deployment", "shop:1", replicas=2))
    assert "wrong" not in [_state(each) for each in watched.until("Deployment", "well")[1:]]


def test_a_deployment_past_its_deadline_is_wrong(watched: Watched) -> None:
    watched.apply(workload("Deployment", "waits-shop:1", replicas=1, progressDeadlineSeconds=1))
    assert "ProgressDeadlineExceeded" in watched.until("Deployment", "wrong")[-1].detail


def test_a_stateful_set_is_updated_one_by_one_and_then_well(watched: Watched) -> None:
    for image in ("shop:1", "shop:2"):
        watched.apply(workload("StatefulSet", image, replicas=2, serviceName="shop"))
        assert watched.until("StatefulSet", "well")[-1].detail == "2 of 2 replicas are ready"
    watched.apply(workload("StatefulSet", "broken-shop:3", replicas=2, serviceName="shop"))
    assert "pod shop-1, container web: CrashLoopBackOff" in watched.until("StatefulSet", "wrong")[-1].detail


def test_a_daemon_set_is_on_all_nodes_and_then_well(watched: Watched) -> None:
    watched.apply(workload("DaemonSet", "shop:1"))
    assert "nodes" in watched.until("DaemonSet", "well")[-1].detail
    watched.apply(workload("DaemonSet", "missing-shop:2"))
    assert "ImagePullBackOff" in watched.until("DaemonSet", "wrong")[-1].detail


@pytest.mark.parametrize(
    ("image", "state", "told"),
    [
        ("migrate:1", "well", "it has completed"),
        ("fails-migrate:1", "wrong", "it has failed: BackoffLimitExceeded"),
        ("missing-migrate:1", "wrong", "ImagePullBackOff"),
    ],
)
def test_a_job_has_to_end(watched: Watched, image: str, state: str, told: str) -> None:
    watched.apply(job(image, backoffLimit=0))
    assert told in watched.until("Job", state)[-1].detail


def test_a_job_without_end_is_on_its_way(watched: Watched) -> None:
    watched.apply(job("endless-migrate:1"))
    seen = watched.until("Job", "coming")[-1]
    assert seen.detail.startswith("it runs")


def test_a_claim_waits_for_its_volume(watched: Watched) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    spec["storageClassName"] = "nobody-makes-these"
    watched.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec})
    assert watched.until("PersistentVolumeClaim", "coming")[-1].detail == "it is not bound to a volume yet"


def test_a_disruption_budget_is_met_when_its_pods_are(watched: Watched) -> None:
    spec = {"minAvailable": 2, "selector": {"matchLabels": LABELS}}
    budget = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "shop"}, "spec": spec}
    watched.apply(budget)
    watched.apply(workload("Deployment", "shop:1", replicas=2))
    assert watched.until("PodDisruptionBudget", "well")[-1].detail == "2 pods are healthy, it asks for 2"


def test_a_rule_is_asked_of_what_the_cluster_has(watched: Watched) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "state"}, "data": {"phase": "opening"}}
    rules = {"healthy": 'object.data.phase == "open"', "failed": 'object.data.phase == "burnt"'}
    for phase, state in (("opening", "coming"), ("open", "well"), ("burnt", "wrong")):
        watched.apply({**config, "data": {"phase": phase}}, **rules)
        assert _state(watched.health("ConfigMap")) == state


def test_what_is_not_there_is_wrong(watched: Watched) -> None:
    watched.apply(workload("Deployment", "shop:1", replicas=1))
    watched.cluster.delete(f"/apis/apps/v1/namespaces/{watched.namespace}/deployments/shop")
    watched.cluster.wait_gone(f"/apis/apps/v1/namespaces/{watched.namespace}/deployments/shop")
    assert watched.health("Deployment") == CheckResult(healthy=False, detail="it is not there")
