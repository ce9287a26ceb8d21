"""Objects of Kubernetes clusters, for those who look at them and change a few fields of them beside what units have."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster

ObjectJson: TypeAlias = Mapping[str, Any]
"""An object as its API says it."""


class Clusters(Protocol):
    """Clusters, object by object. Every method is bounded in time and raises WorldError only."""

    async def read(self, cluster: KubernetesCluster, name: ObjectName) -> ObjectJson | None:
        """Return the object as it is now, None where there is none."""
        ...

    async def pods(self, cluster: KubernetesCluster, namespace: str, labels: Mapping[str, str]) -> Sequence[ObjectJson]:
        """Return the pods of the namespace that have all these labels."""
        ...

    async def take_over(
        self, cluster: KubernetesCluster, name: ObjectName, fields: ObjectJson, manager: str
    ) -> ObjectJson:
        """Give the object these fields by server-side apply, whoever had them, and return what it is then.

        ``manager`` is the field manager that has them from now on. What ``fields`` says of ``metadata.uid`` and
        ``metadata.resourceVersion`` has to be so still: Stale when it is not.
        """
        ...
