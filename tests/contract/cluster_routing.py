"""Where the contract suites of routers run in a real Kubernetes cluster."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from reconciler.model.target import ClusterToken, KubernetesCluster, Target
from reconciler.model.traffic import (
    ClusterRouter,
    HttpRouteRouter,
    Member,
    ReplicasRouter,
    Router,
    Selects,
    ServiceRouter,
)
from reconciler.ports.router import Routers
from reconciler.providers.kubernetes.direct import DirectClusters
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from reconciler.traffic.routers import AllRouters
from tests.contract.routing import clusters_with
from tests.lab.kubernetes.cluster import PATIENCE, Cluster
from tests.providers.secret_values import SecretValues

PROD = "prod"
SLOTS = ("blue", "green")
BACKENDS = tuple(Member(PROD, f"shop-{slot}", slot) for slot in SLOTS)
ROUTE = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes/shop"


def deployment(slot: str, image: str = "registry.example/shop:1", replicas: int | None = 2) -> dict[str, Any]:
    labels = {"app": "shop", "slot": slot}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"shop-{slot}"}, "spec": spec}


def service(name: str, **selector: str) -> dict[str, Any]:
    spec = {"selector": {"app": "shop", **selector}, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def route(**weights: int) -> dict[str, Any]:
    refs = [{"name": f"shop-{slot}", "port": 80} | ({"weight": weights[slot]} if weights else {}) for slot in SLOTS]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "shop"},
        "spec": {"parentRefs": [{"name": "gateway"}], "rules": [{"backendRefs": refs}]},
    }


_RBAC = "rbac.authorization.k8s.io"
_ROLE = {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": {"name": "router"}}
_BINDING = {
    "apiVersion": f"{_RBAC}/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "router"},
    "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": "router"},
    "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": "deployer"}],
}


def rules() -> Any:
    """The rights that a router needs, as the page on targets has them."""
    page = (Path(__file__).parents[2] / "docs/targets.md").read_text()
    _, _, after = page.partition("The router's login needs")
    return yaml.safe_load(after.split("```")[1])["rules"]


class InCluster:
    """Two Deployments with two pods each in a namespace of their own, and a router in front of them."""

    def __init__(self, cluster: Cluster, make: Callable[[str], ClusterRouter]) -> None:
        self.cluster = cluster
        self.namespace = cluster.namespace()
        self.router: Router = make(self.namespace)
        self.counts = isinstance(self.router, ReplicasRouter)
        for slot in SLOTS:
            cluster.apply(deployment(slot), self.namespace)
            cluster.apply(service(f"shop-{slot}", slot=slot), self.namespace)
        cluster.apply(service("shop"), self.namespace)
        cluster.apply(route(), self.namespace)
        cluster.apply(_ROLE | {"rules": rules()}, self.namespace)
        cluster.apply(_BINDING, self.namespace)
        self._way = ExitStack()
        self.proxy = self._way.enter_context(cluster.proxy())
        secrets = SecretValues({"cluster/token": cluster.token("deployer")})
        access = ClusterToken(server=self.proxy.url, ca=cluster.ca.read_text(), token="cluster/token")
        self.hosts: Mapping[str, Target] = {
            PROD: KubernetesCluster(name=PROD, environment="testing", access=access, labels={})
        }
        self.clusters = clusters_with(secrets)
        self.shell = SshShell(SshOptions(agent=False), dict, secrets)
        self.routers: Routers = AllRouters(self.shell, DirectClusters(self.clusters))

    def path(self, slot: str) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments/shop-{slot}"

    @property
    def service(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/services/shop"

    async def merge(self, path: str, change: Mapping[str, Any]) -> None:
        await asyncio.to_thread(self.cluster.merge, path, change)

    async def forget(self, name: str) -> None:
        match self.router:
            case HttpRouteRouter():
                await self.merge(ROUTE.format(self.namespace), {"spec": route()["spec"]})
            case ReplicasRouter():
                for slot in SLOTS:
                    await self.merge(self.path(slot), {"spec": {"replicas": 2}})
            case _:
                await self.merge(self.service, {"spec": {"selector": {"slot": None}}})

    async def away(self, name: str) -> None:
        await asyncio.to_thread(self._way.close)

    async def let_time_pass(self) -> None:
        await asyncio.sleep(PATIENCE)

    async def stop(self) -> None:
        await self.clusters.close()
        await self.shell.close()
        await asyncio.to_thread(self._way.close)


def by_route(namespace: str) -> HttpRouteRouter:
    return HttpRouteRouter(hosts=(PROD,), namespace=namespace, route="shop", members=BACKENDS, port=80)


def by_replicas(namespace: str) -> ReplicasRouter:
    return ReplicasRouter(hosts=(PROD,), namespace=namespace, total=4, surge=False, members=BACKENDS)


def by_service(namespace: str) -> ServiceRouter:
    return ServiceRouter(
        hosts=(PROD,),
        namespace=namespace,
        service="shop",
        members=tuple(Member(PROD, slot, slot) for slot in SLOTS),
        selects=tuple(Selects(slot, (("slot", slot),)) for slot in SLOTS),
    )


IN_CLUSTERS: Mapping[str, Callable[[Cluster], InCluster]] = {
    "httpRoute": lambda cluster: InCluster(cluster, by_route),
    "replicas": lambda cluster: InCluster(cluster, by_replicas),
}
