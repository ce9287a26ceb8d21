"""Routers in Kubernetes clusters: what all of them have in common. Each cluster is asked and told side by side."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from reconciler.model.cluster import ObjectName
from reconciler.model.target import KubernetesCluster
from reconciler.model.traffic import ClusterRouter, Route, Share
from reconciler.ports.errors import Refused, Stale
from reconciler.traffic.balancers import on_each

_TRIES = 3

R = TypeVar("R", bound=ClusterRouter)


@dataclass(frozen=True, slots=True)
class ClusterRouters(Generic[R]):
    """``ports.router.Routers`` for one sort of router in clusters.

    ``look`` asks one cluster: its routes, by what is added to the cluster's name. ``tell`` gives the members of one
    cluster these weights, as far as that can be done now: it is told again until ``look`` says so.
    """

    look: Callable[[R, KubernetesCluster], Awaitable[Mapping[str, tuple[Route, ...]]]]
    tell: Callable[[R, Sequence[Share], KubernetesCluster], Awaitable[None]]

    async def weights(self, router: R, clusters: Mapping[str, KubernetesCluster]) -> Mapping[str, tuple[Route, ...]]:
        """Return what each cluster says of its members."""
        seen = await on_each(router, clusters, partial(self.look, router))
        return {f"{name}{place}": routes for name, told in seen.items() for place, routes in told.items()}

    async def set_weights(self, router: R, shares: Sequence[Share], clusters: Mapping[str, KubernetesCluster]) -> None:
        """Give the members these weights in every cluster."""
        if shares:
            await on_each(router, clusters, partial(self._tell, router, shares))

    async def drain(self, router: R, servers: Sequence[str], clusters: Mapping[str, KubernetesCluster]) -> None:
        """Send no new requests to the members, in every cluster."""
        await self.set_weights(router, [Share(server, 0) for server in servers], clusters)

    async def mirror(
        self, router: R, servers: Sequence[str], percent: int, clusters: Mapping[str, KubernetesCluster]
    ) -> None:
        """No copies of requests are sent in clusters: Refused, unless there is nothing to mirror."""
        if percent:
            raise Refused(f"no copies of requests can be sent through {router.router}")

    async def _tell(self, router: R, shares: Sequence[Share], cluster: KubernetesCluster) -> None:
        """Tell it, from what is there by then when somebody else was quicker."""
        for _ in range(_TRIES - 1):
            with suppress(Stale):
                await self.tell(router, shares, cluster)
                return
        await self.tell(router, shares, cluster)


def missing(name: ObjectName) -> Refused:
    """Return the error for an object that is to be told and is not there."""
    return Refused(
        f"there is no {name.kind} {name.name} in the namespace {name.namespace}: a resource of the App has to bring it"
    )


def core(kind: str, namespace: str, name: str) -> ObjectName:
    """Return the name of an object of the API's core."""
    return ObjectName("v1", kind, namespace, name)
