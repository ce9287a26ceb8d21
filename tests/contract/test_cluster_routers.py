"""Routers in a real Kubernetes cluster: what each of them does in its own way."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster
from reconciler.model.traffic import TRAFFIC_MANAGER, Route
from reconciler.ports.errors import Denied, Refused, Stale
from reconciler.providers.kubernetes.direct import DirectClusters
from tests.contract.cluster_routing import (
    PROD,
    ROUTE,
    SLOTS,
    InCluster,
    by_replicas,
    by_route,
    by_service,
    deployment,
)
from tests.contract.routing import seen, shares, told, until
from tests.lab.kubernetes.cluster import Cluster
from tests.lab.kubernetes.faults import Answer, Cut, Fault, Lost


@pytest.fixture
async def by_a_service(cluster: Cluster) -> AsyncIterator[InCluster]:
    made = InCluster(cluster, by_service)
    yield made
    await made.stop()


@pytest.fixture
async def by_a_route(cluster: Cluster) -> AsyncIterator[InCluster]:
    made = InCluster(cluster, by_route)
    yield made
    await made.stop()


@pytest.fixture
async def by_pods(cluster: Cluster) -> AsyncIterator[InCluster]:
    made = InCluster(cluster, by_replicas)
    yield made
    await made.stop()


def serving(told: Mapping[str, tuple[Route, ...]]) -> list[bool]:
    return [each.serving for each in told[PROD]]


async def test_a_service_without_a_slot_in_its_selector_sends_requests_to_both(by_a_service: InCluster) -> None:
    assert await seen(by_a_service) == {PROD: (100, 100)}
    await until(lambda told: serving(told) == [True, True], by_a_service)


async def test_a_service_is_switched_from_slot_to_slot_and_serves_when_requests_reach_it(
    by_a_service: InCluster,
) -> None:
    for weights, slot in ((100, 0), "blue"), ((0, 100), "green"), ((0, 100), "green"):
        await by_a_service.routers.set_weights(by_a_service.router, shares(by_a_service, *weights), by_a_service.hosts)
        assert await seen(by_a_service) == {PROD: weights}
        found = await asyncio.to_thread(by_a_service.cluster.get, by_a_service.service)
        assert found["spec"]["selector"] == {"app": "shop", "slot": slot}
        await until(lambda told: serving(told) == [True, True], by_a_service)
    owners = {each["manager"]: each["fieldsV1"] for each in found["metadata"]["managedFields"]}
    assert "f:selector" in owners[TRAFFIC_MANAGER]["f:spec"]
    assert owners[TRAFFIC_MANAGER].keys() == {"f:spec"}


async def test_a_selector_that_a_person_edits_is_seen_and_taken_back(by_a_service: InCluster) -> None:
    await told(by_a_service, 100, 0)
    await by_a_service.merge(by_a_service.service, {"spec": {"selector": {"slot": "green"}}})
    assert await seen(by_a_service) == {PROD: (0, 100)}
    await by_a_service.merge(by_a_service.service, {"spec": {"selector": {"slot": "red"}}})
    assert await seen(by_a_service) == {PROD: (0, 0)}
    assert await told(by_a_service, 100, 0) == {PROD: (100, 0)}


async def test_a_service_whose_slot_is_drained_sends_requests_to_the_other_one(by_a_service: InCluster) -> None:
    await told(by_a_service, 100, 0)
    await by_a_service.routers.drain(by_a_service.router, ["green"], by_a_service.hosts)
    assert await seen(by_a_service) == {PROD: (100, 0)}
    with pytest.raises(Refused, match="sends requests to one slot always, and neither shall get any"):
        await by_a_service.routers.drain(by_a_service.router, ["blue"], by_a_service.hosts)
    assert await seen(by_a_service) == {PROD: (100, 0)}


async def test_a_service_knows_no_weights(by_a_service: InCluster) -> None:
    for weights in (90, 10), (100, 100):
        with pytest.raises(Refused, match="the Service shop sends all requests to one slot; it knows no weights"):
            await by_a_service.routers.set_weights(
                by_a_service.router, shares(by_a_service, *weights), by_a_service.hosts
            )


async def test_a_slot_without_ready_pods_does_not_serve(by_a_service: InCluster) -> None:
    await told(by_a_service, 100, 0)
    await asyncio.to_thread(
        by_a_service.cluster.apply, deployment("green", "registry.example/shop:broken"), by_a_service.namespace
    )
    await asyncio.to_thread(
        by_a_service.cluster.merge,
        by_a_service.path("green"),
        {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}},
    )
    await until(lambda told: serving(told) == [True, False], by_a_service)
    await told(by_a_service, 0, 100)
    await until(lambda told: serving(told) == [True, False], by_a_service)


@pytest.fixture(params=[by_service, by_route, by_replicas])
async def any_of_them(request: pytest.FixtureRequest, cluster: Cluster) -> AsyncIterator[InCluster]:
    made = InCluster(cluster, request.param)
    yield made
    await made.stop()


async def test_what_is_not_there_yet_gets_nothing_and_cannot_be_told(any_of_them: InCluster) -> None:
    world = any_of_them
    paths = {
        "kubernetesService": world.service,
        "httpRoute": ROUTE.format(world.namespace),
        "replicas": world.path("green"),
    }
    await told(world, 100, 0)
    await asyncio.to_thread(world.cluster.delete, paths[world.router.router])
    await asyncio.to_thread(world.cluster.wait_gone, paths[world.router.router])
    found = await world.routers.weights(world.router, world.hosts)
    assert (found[PROD][1].weight, found[PROD][1].serving) == (0, False)
    with pytest.raises(Refused, match=f"{PROD}: there is no .* in the namespace {world.namespace}: a resource"):
        await world.routers.set_weights(world.router, shares(world, 0, 100), world.hosts)


@pytest.mark.parametrize("fault", [Answer(429), Answer(500), Cut(), Lost()], ids=str)
async def test_a_write_that_fails_for_a_moment_is_done_all_the_same(any_of_them: InCluster, fault: Fault) -> None:
    world = any_of_them
    await told(world, 100, 0)
    world.proxy.fault(fault, "PATCH")
    assert await told(world, 0, 100) == {PROD: (0, 100)}


async def test_a_write_that_somebody_else_was_quicker_with_is_done_from_what_is_there_then(
    any_of_them: InCluster,
) -> None:
    world = any_of_them
    await told(world, 100, 0)
    world.proxy.fault(Answer(409), "PATCH", times=2)
    assert await told(world, 0, 100) == {PROD: (0, 100)}
    world.proxy.fault(Answer(409), "PATCH", times=3)
    with pytest.raises(Stale, match=PROD):
        await world.routers.set_weights(world.router, shares(world, 100, 0), world.hosts)


async def test_a_login_that_has_run_out_is_told(any_of_them: InCluster) -> None:
    world = any_of_them
    world.proxy.expire(world.cluster.token("deployer"))
    with pytest.raises(Denied, match=f"{PROD}.*renew the secret"):
        await world.routers.weights(world.router, world.hosts)
    world.proxy.restore()
    assert await told(world, 100, 0) == {PROD: (100, 0)}


async def test_a_route_is_told_in_every_rule_that_names_the_slots(by_a_route: InCluster) -> None:
    path = ROUTE.format(by_a_route.namespace)
    both = (await asyncio.to_thread(by_a_route.cluster.get, path))["spec"]["rules"][0]
    docs = {"matches": [{"path": {"value": "/docs"}}], "backendRefs": [{"name": "docs", "port": 80}]}
    await by_a_route.merge(path, {"spec": {"rules": [both, docs, {**both, "filters": []}]}})
    assert await told(by_a_route, 90, 10) == {PROD: (90, 10)}
    rules = (await asyncio.to_thread(by_a_route.cluster.get, path))["spec"]["rules"]
    assert [[each.get("weight") for each in rule["backendRefs"]] for rule in rules] == [[90, 10], [None], [90, 10]]
    rules[2]["backendRefs"][0]["weight"] = 0
    await by_a_route.merge(path, {"spec": {"rules": rules}})
    found = await by_a_route.routers.weights(by_a_route.router, by_a_route.hosts)
    assert {name: [each.weight for each in its] for name, its in found.items()} == {
        PROD: [90, 10],
        f"{PROD} (rule 3)": [0, 10],
    }
    assert await told(by_a_route, 90, 10) == {PROD: (90, 10)}


async def test_a_route_that_does_not_name_a_slot_cannot_be_told(by_a_route: InCluster) -> None:
    one = {"backendRefs": [{"name": "shop-blue", "port": 80}]}
    await by_a_route.merge(ROUTE.format(by_a_route.namespace), {"spec": {"rules": [one]}})
    assert await seen(by_a_route) == {PROD: (1, 0)}
    with pytest.raises(Refused, match="rule 1 of the HTTPRoute shop does not name shop-green at port 80"):
        await by_a_route.routers.set_weights(by_a_route.router, shares(by_a_route, 90, 10), by_a_route.hosts)


async def test_a_backend_serves_while_its_service_has_ready_pods(by_a_route: InCluster) -> None:
    await until(lambda told: serving(told) == [True, True], by_a_route)
    await by_a_route.merge(by_a_route.path("green"), {"spec": {"replicas": 0}})
    await until(lambda told: serving(told) == [True, False], by_a_route)


async def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(by_a_route: InCluster) -> None:
    direct, (target,) = DirectClusters(by_a_route.clusters), by_a_route.hosts.values()
    assert isinstance(target, KubernetesCluster)
    name = ObjectName("gateway.networking.k8s.io/v1", "HTTPRoute", by_a_route.namespace, "shop")
    before = await direct.read(target, name)
    assert before is not None
    await by_a_route.merge(ROUTE.format(by_a_route.namespace), {"spec": {"hostnames": ["shop.example"]}})
    fields = {"metadata": {"name": "shop", **_marks(before)}, "spec": {"rules": []}}
    with pytest.raises(Stale, match="HTTPRoute"):
        await direct.take_over(target, name, fields, TRAFFIC_MANAGER)
    after = await direct.read(target, name)
    assert after is not None
    assert after["spec"]["rules"] == before["spec"]["rules"]
    uid = {"metadata": {"name": "other", "uid": before["metadata"]["uid"]}, "spec": {"rules": []}}
    with pytest.raises(Stale):
        await direct.take_over(target, ObjectName(name.api_version, name.kind, name.namespace, "other"), uid, "x")


def _marks(found: Mapping[str, Any]) -> dict[str, str]:
    return {key: found["metadata"][key] for key in ("uid", "resourceVersion")}


async def test_pods_of_the_new_slot_are_there_before_those_of_the_old_one_go(by_pods: InCluster) -> None:
    await told(by_pods, 100, 0)
    least = 4
    async with asyncio.timeout(30):
        while await seen(by_pods) != {PROD: (0, 100)}:
            await by_pods.routers.set_weights(by_pods.router, shares(by_pods, 0, 100), by_pods.hosts)
            least = min(least, await _ready(by_pods))
            await by_pods.let_time_pass()
    assert least == 4


async def _ready(world: InCluster) -> int:
    paths = (world.path(slot) for slot in SLOTS)
    found = await asyncio.gather(*(asyncio.to_thread(world.cluster.get, path) for path in paths))
    return sum(each["status"].get("readyReplicas", 0) for each in found)


async def test_what_does_not_start_takes_no_pods_from_what_serves(by_pods: InCluster) -> None:
    await told(by_pods, 100, 0)
    broken = deployment("green", "registry.example/shop:broken", replicas=None)
    await asyncio.to_thread(by_pods.cluster.apply, broken, by_pods.namespace)
    for _ in range(5):
        await by_pods.routers.set_weights(by_pods.router, shares(by_pods, 50, 50), by_pods.hosts)
        await by_pods.let_time_pass()
    found = await by_pods.routers.weights(by_pods.router, by_pods.hosts)
    assert serving(found) == [True, False]
    blue = await asyncio.to_thread(by_pods.cluster.get, by_pods.path("blue"))
    assert blue["spec"]["replicas"] == 4


async def test_pods_that_a_person_adds_or_takes_away_are_seen_and_taken_back(by_pods: InCluster) -> None:
    await told(by_pods, 100, 0)
    for slot, replicas, weights in ("green", 1, (100, 25)), ("blue", 2, (50, 0)), ("blue", 6, (150, 0)):
        await by_pods.merge(by_pods.path(slot), {"spec": {"replicas": replicas}})
        assert await seen(by_pods) == {PROD: weights}
        assert await told(by_pods, 100, 0) == {PROD: (100, 0)}


async def test_the_number_of_pods_has_an_owner(by_pods: InCluster) -> None:
    await told(by_pods, 75, 25)
    blue = await asyncio.to_thread(by_pods.cluster.get, by_pods.path("blue"))
    (ours,) = (each for each in blue["metadata"]["managedFields"] if each["manager"] == TRAFFIC_MANAGER)
    assert ours["operation"] == "Apply"
    assert ours["fieldsV1"]["f:spec"] == {"f:replicas": {}}
