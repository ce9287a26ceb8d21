"""Clusters object by object, for routers: they read, and take over a few fields beside what units have."""

from collections.abc import Mapping, Sequence

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster
from reconciler.ports.cluster import ObjectJson
from reconciler.ports.errors import Stale
from reconciler.providers.kubernetes.client import APPLY, Call, encoded, good
from reconciler.providers.kubernetes.clusters import Clusters
from reconciler.providers.kubernetes.discovery import UnknownKind, path_of


class DirectClusters:
    """``ports.cluster.Clusters``."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    async def read(self, cluster: KubernetesCluster, name: ObjectName) -> ObjectJson | None:
        """Return the object as it is now, None where there is none."""
        here = await self._clusters.of(cluster)
        try:
            collection = await here.discovery.collection(name)
        except UnknownKind:
            return None
        return await here.client.get(f"read {name}", path_of(collection, name.name))

    async def pods(self, cluster: KubernetesCluster, namespace: str, labels: Mapping[str, str]) -> Sequence[ObjectJson]:
        """Return the pods of the namespace that have all these labels."""
        here = await self._clusters.of(cluster)
        return await here.objects.labelled("v1", "Pod", namespace, labels)

    async def take_over(
        self, cluster: KubernetesCluster, name: ObjectName, fields: ObjectJson, manager: str
    ) -> ObjectJson:
        """Give the object these fields by server-side apply, whoever had them, and return what it is then."""
        here = await self._clusters.of(cluster)
        collection = await here.discovery.collection(name)
        what = f"change {name}"
        call = Call(
            what=what,
            method="PATCH",
            path=path_of(collection, name.name),
            query={"fieldManager": manager, "force": "true"},
            body=encoded({**fields, "apiVersion": name.api_version, "kind": name.kind}),
            media=APPLY,
        )
        answer = await here.client.ask(call)
        if answer.status == 409:
            raise Stale(f"cannot {what}: {answer.message}")
        return good(answer, what)
