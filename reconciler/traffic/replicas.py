"""Two Deployments behind one Service: weights are numbers of pods."""

import asyncio
from collections.abc import Mapping, Sequence

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster
from reconciler.model.traffic import TRAFFIC_MANAGER, ReplicasRouter, Route, Share, members_at
from reconciler.ports.cluster import Clusters, ObjectJson
from reconciler.ports.errors import Refused
from reconciler.traffic import replica_counts
from reconciler.traffic.clusters import ClusterRouters, missing


def replicas_routers(clusters: Clusters) -> ClusterRouters[ReplicasRouter]:
    """Return the routers that are told by the replicas of Deployments."""
    shell = _Deployments(clusters)
    return ClusterRouters(shell.look, shell.tell)


class _Deployments:
    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def look(self, router: ReplicasRouter, cluster: KubernetesCluster) -> Mapping[str, tuple[Route, ...]]:
        members = members_at(router, cluster.name)
        found = await self._read(router, cluster)
        seen = {server: replica_counts.deployed(each) for server, each in found.items() if each}
        return {"": replica_counts.routes(router, members, seen)}

    async def tell(self, router: ReplicasRouter, shares: Sequence[Share], cluster: KubernetesCluster) -> None:
        """Scale up first; what shrinks does so as the other one's pods get ready, call by call."""
        found: dict[str, ObjectJson] = {}
        for server, each in (await self._read(router, cluster)).items():
            if each is None:
                raise missing(_deployment(router, server))
            found[server] = each
        seen = {server: replica_counts.deployed(each) for server, each in found.items()}
        try:
            scales = tuple(replica_counts.scaled(router, members_at(router, cluster.name), shares, seen))
        except replica_counts.Nowhere as error:
            raise Refused(str(error)) from error
        for scale in scales:
            name = _deployment(router, scale.server)
            fields = replica_counts.fields(name, scale, found[scale.server])
            await self._clusters.take_over(cluster, name, fields, TRAFFIC_MANAGER)

    async def _read(self, router: ReplicasRouter, cluster: KubernetesCluster) -> Mapping[str, ObjectJson | None]:
        servers = [each.server for each in members_at(router, cluster.name)]
        read = (self._clusters.read(cluster, _deployment(router, server)) for server in servers)
        return dict(zip(servers, await asyncio.gather(*read), strict=True))


def _deployment(router: ReplicasRouter, server: str) -> ObjectName:
    return ObjectName("apps/v1", "Deployment", router.namespace, server)
