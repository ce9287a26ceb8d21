"""Who gets how many of the requests: routers, what they send to, and how that is seen."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

TRAFFIC_MANAGER = "reconciler-traffic"
"""The field manager of what routers write in a cluster; no resource of ours writes those fields."""

WEIGHT_ANNOTATION = "reconciler/weight"
"""Where a Deployment carries the weight that its replicas stand for."""


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """What requests are sent to: the app on one target, or one slot of it there.

    ``server`` is the router's name for it: a server's name in HAProxy's backend, ``address:port`` in nginx, the name of
    a Service behind an HTTPRoute, of a Deployment, or of a slot. On several clusters it has the same name.
    """

    target: str
    server: str
    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaproxyRouter:
    """A backend of HAProxy on load balancer hosts, told through its runtime API."""

    hosts: tuple[str, ...]
    backend: str
    members: tuple[Member, ...]
    socket: str = "/run/haproxy/admin.sock"
    drain_within: timedelta = timedelta(seconds=30)
    router: Literal["haproxy"] = "haproxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxRouter:
    """An upstream of nginx on load balancer hosts: its servers are in a file of ours that the upstream includes.

    ``mirror`` is the file for copies of requests, None where nothing is mirrored.
    """

    hosts: tuple[str, ...]
    upstream: str
    include: str
    members: tuple[Member, ...]
    mirror: str | None = None
    drain_within: timedelta = timedelta(seconds=30)
    router: Literal["nginx"] = "nginx"


@dataclass(frozen=True, slots=True)
class Selects:
    """The labels (name and value) that a Service's selector has to have so that requests go to this server's pods."""

    server: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRouter:
    """A Service of Kubernetes: its selector names one slot, which gets everything.

    ``hosts`` are the clusters, ``selects`` has an entry for each server.
    """

    hosts: tuple[str, ...]
    namespace: str
    service: str
    members: tuple[Member, ...]
    selects: tuple[Selects, ...]
    drain_within: timedelta = timedelta(seconds=10)
    router: Literal["kubernetesService"] = "kubernetesService"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRouteRouter:
    """An HTTPRoute of the Gateway API: the weights of its backends, in every rule that names them.

    ``hosts`` are the clusters; a server is a Service in the namespace. ``port`` None: whatever port a rule names.
    """

    hosts: tuple[str, ...]
    namespace: str
    route: str
    members: tuple[Member, ...]
    port: int | None = None
    version: str = "v1"
    drain_within: timedelta = timedelta(seconds=10)
    router: Literal["httpRoute"] = "httpRoute"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicasRouter:
    """Two Deployments behind one Service: requests go by how many pods each has.

    ``hosts`` are the clusters; a server is a Deployment in the namespace. ``total`` pods there are together, and one
    more while both have some where ``surge`` allows it.
    """

    hosts: tuple[str, ...]
    namespace: str
    total: int
    surge: bool
    members: tuple[Member, ...]
    drain_within: timedelta = timedelta(seconds=10)
    router: Literal["replicas"] = "replicas"


BalancerRouter: TypeAlias = HaproxyRouter | NginxRouter
"""Routers on load balancer hosts."""

ClusterRouter: TypeAlias = ServiceRouter | HttpRouteRouter | ReplicasRouter
"""Routers in the clusters that the app itself is on."""

Router: TypeAlias = BalancerRouter | ClusterRouter


def members_at(router: Router, name: str) -> tuple[Member, ...]:
    """Return the members that the load balancer of this name sends requests to: a cluster has its own alone."""
    if isinstance(router, BalancerRouter):
        return router.members
    return tuple(member for member in router.members if member.target == name)


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """The relative weight of one server, 0 to 100; 0 gets no new requests."""

    server: str
    weight: int


@dataclass(frozen=True, slots=True)
class Route:
    """What one load balancer says of one server.

    ``weight`` is the one it was given, 0 while it is told to take no new requests (drained, in maintenance).
    ``serving``: the router takes it for healthy; one that is not gets none either. ``in_flight`` are requests under
    way, None where the router does not tell. Weights are relative, and of who does not serve they say nothing; an
    ``exact`` one is a number of pods, and has to be just that.
    """

    server: str
    weight: int
    serving: bool
    in_flight: int | None = None
    exact: bool = False
