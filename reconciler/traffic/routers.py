"""All routers in one: each is told and asked in its own way."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from reconciler.model.target import Host, KubernetesCluster, Target, clusters_among, hosts_among
from reconciler.model.traffic import BalancerRouter, Route, Router, Share
from reconciler.ports.cluster import Clusters
from reconciler.ports.shell import Shell
from reconciler.traffic.haproxy import HaproxyRouters
from reconciler.traffic.http_route import http_route_routers
from reconciler.traffic.nginx import NginxRouters
from reconciler.traffic.replicas import replicas_routers
from reconciler.traffic.selector import service_routers

On = TypeVar("On", contravariant=True)  # noqa: PLC0105 - where the router is


class RoutersOn(Protocol[On]):
    """``ports.router.Routers`` for one sort of router, which is on targets of one sort."""

    async def weights(self, router: Any, on: Mapping[str, On], /) -> Mapping[str, tuple[Route, ...]]: ...  # noqa: D102
    async def set_weights(self, router: Any, shares: Sequence[Share], on: Mapping[str, On], /) -> None: ...  # noqa: D102
    async def drain(self, router: Any, servers: Sequence[str], on: Mapping[str, On], /) -> None: ...  # noqa: D102
    async def mirror(self, router: Any, servers: Sequence[str], percent: int, on: Mapping[str, On], /) -> None: ...  # noqa: D102


class AllRouters:
    """``ports.router.Routers`` for load balancers on hosts, over a Shell, and for routers in clusters."""

    def __init__(self, shell: Shell, clusters: Clusters) -> None:
        self._on_hosts: Mapping[str, RoutersOn[Host]] = {
            "haproxy": HaproxyRouters(shell),
            "nginx": NginxRouters(shell),
        }
        self._in_clusters: Mapping[str, RoutersOn[KubernetesCluster]] = {
            "kubernetesService": service_routers(clusters),
            "httpRoute": http_route_routers(clusters),
            "replicas": replicas_routers(clusters),
        }

    async def weights(self, router: Router, hosts: Mapping[str, Target]) -> Mapping[str, tuple[Route, ...]]:
        """Return what each load balancer says of the router's members."""
        if isinstance(router, BalancerRouter):
            return await self._on_hosts[router.router].weights(router, hosts_among(hosts))
        return await self._in_clusters[router.router].weights(router, clusters_among(hosts))

    async def set_weights(self, router: Router, shares: Sequence[Share], hosts: Mapping[str, Target]) -> None:
        """Give these members these weights on every load balancer, and read them back."""
        if isinstance(router, BalancerRouter):
            await self._on_hosts[router.router].set_weights(router, shares, hosts_among(hosts))
        else:
            await self._in_clusters[router.router].set_weights(router, shares, clusters_among(hosts))

    async def drain(self, router: Router, servers: Sequence[str], hosts: Mapping[str, Target]) -> None:
        """Send no new requests to these members; those under way go on."""
        if isinstance(router, BalancerRouter):
            await self._on_hosts[router.router].drain(router, servers, hosts_among(hosts))
        else:
            await self._in_clusters[router.router].drain(router, servers, clusters_among(hosts))

    async def mirror(self, router: Router, servers: Sequence[str], percent: int, hosts: Mapping[str, Target]) -> None:
        """Send copies of so many percent of the requests to these members; 0 ends it."""
        if isinstance(router, BalancerRouter):
            await self._on_hosts[router.router].mirror(router, servers, percent, hosts_among(hosts))
        else:
            await self._in_clusters[router.router].mirror(router, servers, percent, clusters_among(hosts))
