"""A Service of Kubernetes: its selector names the slot that gets all requests."""

import asyncio
from collections.abc import Mapping, Sequence

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster
from reconciler.model.traffic import TRAFFIC_MANAGER, Route, ServiceRouter, Share, members_at
from reconciler.ports.cluster import Clusters
from reconciler.ports.errors import Refused
from reconciler.traffic import service_selector as selectors
from reconciler.traffic.clusters import ClusterRouters, core, missing

_FULL = 100


def service_routers(clusters: Clusters) -> ClusterRouters[ServiceRouter]:
    """Return the routers that are told by a Service's selector."""
    shell = _Selectors(clusters)
    return ClusterRouters(shell.look, shell.tell)


class _Selectors:
    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def look(self, router: ServiceRouter, cluster: KubernetesCluster) -> Mapping[str, tuple[Route, ...]]:
        members, name = members_at(router, cluster.name), _service(router)
        service = await self._clusters.read(cluster, name)
        if service is None:
            return {"": tuple(Route(each.server, 0, serving=False) for each in members)}
        labels = [selectors.pods_of(router, each.server, service) for each in members]
        endpoints, pods = await asyncio.gather(
            self._clusters.read(cluster, core("Endpoints", router.namespace, router.service)),
            asyncio.gather(*(self._clusters.pods(cluster, router.namespace, each) for each in labels)),
        )
        by_server = {each.server: found for each, found in zip(members, pods, strict=True)}
        return {"": selectors.routes(router, members, service, endpoints, by_server)}

    async def tell(self, router: ServiceRouter, shares: Sequence[Share], cluster: KubernetesCluster) -> None:
        name = _service(router)
        service = await self._clusters.read(cluster, name)
        if service is None:
            raise missing(name)
        chosen = _chosen(router, shares, selectors.selected(router, members_at(router, cluster.name), service))
        if selectors.pods_of(router, chosen, service) != selectors.selector(service):
            fields = selectors.fields(router, name, chosen, service)
            await self._clusters.take_over(cluster, name, fields, TRAFFIC_MANAGER)


def _service(router: ServiceRouter) -> ObjectName:
    return core("Service", router.namespace, router.service)


def _chosen(router: ServiceRouter, shares: Sequence[Share], now: Sequence[str]) -> str:
    """The server that is to get everything: the one that is given all, or the one that is left."""
    given = [share.server for share in shares if share.weight]
    none = {share.server for share in shares if not share.weight}
    if len(given) > 1 or any(share.weight not in (0, _FULL) for share in shares):
        raise Refused(f"the Service {router.service} sends all requests to one slot; it knows no weights")
    if chosen := given or [server for server in now if server not in none]:
        return chosen[0]
    raise Refused(f"the Service {router.service} sends requests to one slot always, and neither shall get any")
