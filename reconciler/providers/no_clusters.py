"""Kubernetes clusters that cannot be reached yet."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster
from reconciler.ports.cluster import ObjectJson
from reconciler.ports.errors import Unreachable


class NoClusters:
    """``ports.cluster.Clusters`` for a controller that has no way to a cluster: all of them are Unreachable."""

    async def read(self, cluster: KubernetesCluster, name: ObjectName) -> ObjectJson | None:
        """Raise Unreachable."""
        _refuse(cluster)

    async def pods(self, cluster: KubernetesCluster, namespace: str, labels: Mapping[str, str]) -> Sequence[ObjectJson]:
        """Raise Unreachable."""
        _refuse(cluster)

    async def take_over(
        self, cluster: KubernetesCluster, name: ObjectName, fields: ObjectJson, manager: str
    ) -> ObjectJson:
        """Raise Unreachable."""
        _refuse(cluster)


def _refuse(cluster: KubernetesCluster) -> NoReturn:
    raise Unreachable(f"{cluster.name}: this controller has no way to a Kubernetes cluster")
