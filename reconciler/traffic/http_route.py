"""An HTTPRoute of the Gateway API: the weights of its backends."""

import asyncio
from collections.abc import Mapping, Sequence

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster
from reconciler.model.traffic import TRAFFIC_MANAGER, HttpRouteRouter, Route, Share, members_at
from reconciler.ports.cluster import Clusters
from reconciler.ports.errors import Refused
from reconciler.traffic import route_rules
from reconciler.traffic.clusters import ClusterRouters, core, missing

GROUP = "gateway.networking.k8s.io"


def http_route_routers(clusters: Clusters) -> ClusterRouters[HttpRouteRouter]:
    """Return the routers that are told by the weights of an HTTPRoute."""
    shell = _Routes(clusters)
    return ClusterRouters(shell.look, shell.tell)


class _Routes:
    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def look(self, router: HttpRouteRouter, cluster: KubernetesCluster) -> Mapping[str, tuple[Route, ...]]:
        members = members_at(router, cluster.name)
        found, *endpoints = await asyncio.gather(
            self._clusters.read(cluster, _route(router)),
            *(self._clusters.read(cluster, core("Endpoints", router.namespace, each.server)) for each in members),
        )
        if found is None:
            return {"": tuple(Route(each.server, 0, serving=False) for each in members)}
        serving = {each.server: route_rules.serves(told) for each, told in zip(members, endpoints, strict=True)}
        return route_rules.routes(router, members, found, serving)

    async def tell(self, router: HttpRouteRouter, shares: Sequence[Share], cluster: KubernetesCluster) -> None:
        name = _route(router)
        found = await self._clusters.read(cluster, name)
        if found is None:
            raise missing(name)
        try:
            given = route_rules.rules(router, members_at(router, cluster.name), shares, found)
        except route_rules.Unfit as error:
            raise Refused(str(error)) from error
        if given is not None:
            fields = route_rules.fields(name, given, found)
            await self._clusters.take_over(cluster, name, fields, TRAFFIC_MANAGER)


def _route(router: HttpRouteRouter) -> ObjectName:
    return ObjectName(f"{GROUP}/{router.version}", "HTTPRoute", router.namespace, router.route)
