"""Rollouts over two slots in a real cluster: blue-green and canary, forwards, back, and after an edit by hand."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World
from tests.lab.kubernetes.cluster import Cluster

pytestmark = pytest.mark.lab

SLOTS = ("blue", "green")
IMAGE = "registry.example/shop:{{ version }}"


class Shop:
    """An app of two slots in a namespace of its own, the policy it goes by, and what is seen of it in the cluster."""

    def __init__(self, world: World, cluster: Cluster, traffic: Mapping[str, Any], strategy: Mapping[str, Any]) -> None:
        self.world = world
        self.cluster = cluster
        self.namespace = cluster.namespace()
        self.traffic = traffic
        self.of_the_route: dict[str, Any] = {}
        (world.folder / "secrets").mkdir()
        (world.folder / "secrets" / "kube").write_text(cluster.kubeconfig().read_text())
        world.settings(secrets={"directory": "secrets"}, drift={"interval": "1h"}, log={"level": "debug"})
        spec = {"environment": "test", "namespace": self.namespace, "kubeconfig": {"secret": "kube"}}
        target = {"kind": "KubernetesCluster", "metadata": {"name": "prod", "labels": {"role": "apps"}}, "spec": spec}
        world.write({"desired-state/cluster.yaml": documents.text(target)})
        world.policy(strategy=dict(strategy), progressDeadline="15s")

    def commit(self, version: str) -> str:
        """Commit the app at this version."""
        manifests = [*_SERVICES, *self._more(), _DEPLOYMENT]
        return self.world.app(
            *({"kubernetes": {"manifest": each}} for each in manifests),
            version=version,
            slots={slot: {} for slot in SLOTS},
            targets={"kubernetesClusters": {"role": "apps"}},
            traffic=dict(self.traffic),
        )

    def release(self, version: str) -> None:
        """Commit the version and wait until it is rolled out."""
        commit = self.commit(version)
        self.world.until(self.world.in_sync_at(commit), f"{version} is rolled out")

    def rejected(self, version: str) -> str:
        """Commit the version, wait until it is taken back, and return why."""
        commit = self.commit(version)

        def back() -> bool:
            said = self.world.unit()
            return said.get("state") == "holding" and (said["rejected"] or {}).get("commit") == commit

        self.world.until(back, f"{version} is taken back")
        reason: str = self.world.unit()["rejected"]["reason"]
        return reason

    def deployment(self, slot: str) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments/shop-{slot}"

    @property
    def service(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/services/shop"

    @property
    def route(self) -> str:
        return f"/apis/gateway.networking.k8s.io/v1/namespaces/{self.namespace}/httproutes/shop"

    def versions(self) -> dict[str, str]:
        """The version in each slot."""
        found = {slot: self.cluster.get(self.deployment(slot)) for slot in SLOTS}
        return {slot: _image(each).rpartition(":")[2] for slot, each in found.items()}

    def weights(self) -> tuple[int, ...]:
        """What the HTTPRoute says, in percent."""
        return _percent(self.cluster.get(self.route))

    def pods(self) -> tuple[int, ...]:
        """How many pods each Deployment is asked for."""
        return tuple(self.cluster.get(self.deployment(slot))["spec"]["replicas"] for slot in SLOTS)

    def live(self) -> str:
        """The slot that the Service names."""
        slot: str = self.cluster.get(self.service)["spec"]["selector"]["slot"]
        return slot

    def _more(self) -> list[dict[str, Any]]:
        return [{**_ROUTE, "spec": {**_ROUTE["spec"], **self.of_the_route}}] if "httpRoute" in self.traffic else []


def _image(deployment: Mapping[str, Any]) -> str:
    image: str = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return image


def _percent(route: Mapping[str, Any]) -> tuple[int, ...]:
    weights = [each.get("weight", 1) for each in route["spec"]["rules"][0]["backendRefs"]]
    return tuple(round(100 * each / sum(weights)) for each in weights)


def _service(name: str, **selector: str) -> dict[str, Any]:
    spec = {"selector": {"app": "shop", **selector}, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


_SERVICES = (_service("shop"), _service("shop-{{ slot }}", slot="{{ slot }}"))
_LABELS = {"app": "shop", "slot": "{{ slot }}"}
_DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop-{{ slot }}"},
    "spec": {
        "selector": {"matchLabels": _LABELS},
        "template": {"metadata": {"labels": _LABELS}, "spec": {"containers": [{"name": "web", "image": IMAGE}]}},
    },
}
_ROUTE: dict[str, Any] = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "shop"},
    "spec": {
        "parentRefs": [{"name": "gateway"}],
        "rules": [{"backendRefs": [{"name": f"shop-{slot}", "port": 80} for slot in SLOTS]}],
    },
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with made_world(tmp_path, "web-1") as made:
        yield made


class Figure:
    """A number that monitoring tells; a test says which."""

    value: float = 0.0


@contextmanager
def monitoring() -> Iterator[tuple[str, Figure]]:
    """Have a monitoring system for the time of the block: its URL, and the number that it tells."""
    figure = Figure()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"rate": figure.value}).encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", figure
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def analysis(url: str) -> dict[str, Any]:
    """An analysis of the number: it looks twice."""
    spec = {
        "provider": {"http": {"url": url}},
        "query": "$.rate",
        "interval": "500ms",
        "count": 2,
        "success": "result < 0.05",
        "failureLimit": 0,
    }
    return {"kind": "Analysis", "metadata": {"name": "error-rate"}, "spec": spec}


@contextmanager
def seen(ask: Callable[[], Any]) -> Iterator[list[Any]]:
    """Have asked all the time what there is; the answers that differ from the one before, in their order."""
    found: list[Any] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            now = ask()
            if not found or found[-1] != now:
                found.append(now)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def test_blue_green_switches_the_selector_of_a_service(world: World, cluster: Cluster) -> None:
    shop = Shop(
        world,
        cluster,
        {"kubernetesService": {"service": "shop", "drainWithin": "1s"}},
        {"blueGreen": {"retireAfter": "1s"}},
    )
    with world.daemon():
        shop.release("1")
        assert shop.live() == "blue"

        cluster.merge(shop.service, {"spec": {"selector": {"slot": "green"}}})
        cluster.wait(shop.service, lambda service: service["spec"]["selector"]["slot"] == "blue")
        world.until(world.state_of("in sync"), "all is as before")

        with seen(shop.live) as lives:
            shop.release("2")
        assert lives == ["blue", "green"]
        assert shop.versions() == {"blue": "2", "green": "2"}

        with seen(shop.live) as lives:
            shop.rejected("3-broken")
        assert lives == ["green"]
        assert shop.versions() == {"blue": "2", "green": "2"}


def test_a_canary_goes_by_the_weights_of_an_http_route(world: World, cluster: Cluster) -> None:
    steps = [{"setWeight": 10}, {"analyse": "error-rate"}, {"setWeight": 50}, {"bake": "500ms"}]
    shop = Shop(
        world, cluster, {"httpRoute": {"route": "shop", "port": 80, "drainWithin": "1s"}}, {"canary": {"steps": steps}}
    )
    with monitoring() as (url, figure), world.daemon():
        world.write({"policies/figures.yaml": documents.text(analysis(url))})
        shop.release("1")
        assert shop.weights() == (100, 0)

        with seen(shop.weights) as weights:
            shop.release("2")
        assert weights == [(100, 0), (90, 10), (50, 50), (0, 100)]
        assert shop.versions() == {"blue": "2", "green": "2"}

        rules = cluster.get(shop.route)["spec"]["rules"]
        rules[0]["backendRefs"][0]["weight"] = 70
        cluster.merge(shop.route, {"spec": {"rules": rules}})
        cluster.wait(shop.route, lambda route: _percent(route) == (0, 100))
        world.until(world.state_of("in sync"), "all is as before")

        figure.value = 0.2
        with seen(shop.weights) as weights:
            why = shop.rejected("3")
        assert "error-rate" in why
        assert weights == [(0, 100), (10, 90), (0, 100)]
        assert shop.versions() == {"blue": "2", "green": "2"}


def test_a_canary_goes_by_numbers_of_pods(world: World, cluster: Cluster) -> None:
    steps = [{"setWeight": 25}, {"bake": "500ms"}, {"setWeight": 50}]
    shop = Shop(world, cluster, {"replicas": {"total": 4, "drainWithin": "1s"}}, {"canary": {"steps": steps}})
    with world.daemon():
        shop.release("1")
        assert shop.pods() == (4, 0)

        with seen(shop.pods) as pods:
            shop.release("2")
        assert [each for each in pods if sum(each) == 4] == [(4, 0), (3, 1), (2, 2), (0, 4)]
        assert min(map(sum, pods)) == 4
        assert shop.versions() == {"blue": "2", "green": "2"}

        for slot, replicas in ("blue", 1), ("green", 0):
            cluster.merge(shop.deployment(slot), {"spec": {"replicas": replicas}})
            world.until(lambda: shop.pods() == (0, 4), "the pods are as before")
        world.until(world.state_of("in sync"), "all is as before")

        with seen(shop.pods) as pods:
            shop.rejected("3-broken")
        assert {each[1] for each in pods} == {4}
        world.until(lambda: shop.pods() == (0, 4), "the pods are as before")
        assert shop.versions() == {"blue": "2", "green": "2"}


def test_a_daemon_that_is_killed_in_a_canary_goes_on_with_it(world: World, cluster: Cluster) -> None:
    steps = [{"setWeight": 50}, {"pause": {"within": "1h"}}]
    shop = Shop(world, cluster, {"httpRoute": {"route": "shop", "drainWithin": "1s"}}, {"canary": {"steps": steps}})
    with world.daemon() as daemon:
        shop.release("1")
        commit = shop.commit("2")
        world.until(lambda: "promot" in str(world.unit()), "it waits for a person")
        assert shop.weights() == (50, 50)
        daemon.kill()
    rules = cluster.get(shop.route)["spec"]["rules"]
    rules[0]["backendRefs"][1]["weight"] = 0
    cluster.merge(shop.route, {"spec": {"rules": rules}})
    with world.daemon():
        cluster.wait(shop.route, lambda route: _percent(route) == (50, 50))
        assert world.reconciler("promote", "shop@test").status == 0
        world.until(world.in_sync_at(commit), "2 is rolled out")
    assert shop.weights() == (0, 100)
    assert shop.versions() == {"blue": "2", "green": "2"}


def test_a_manifest_that_changes_takes_no_requests_from_anybody(world: World, cluster: Cluster) -> None:
    """What a router has written of an object stays when the rest of it is applied."""
    shop = Shop(world, cluster, {"httpRoute": {"route": "shop", "drainWithin": "1s"}}, {"allAtOnce": {}})
    with world.daemon():
        shop.release("1")
        assert shop.weights() == (100, 0)
        shop.of_the_route = {"hostnames": ["shop.example"]}
        with seen(shop.weights) as weights:
            shop.release("1.1")
        assert weights == [(100, 0)]
        assert cluster.get(shop.route)["spec"]["hostnames"] == ["shop.example"]
