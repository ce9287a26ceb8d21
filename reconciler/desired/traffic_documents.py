"""What people write under ``traffic:`` of an App: which router sends it requests, and how it knows the targets."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from reconciler.desired.fields import HostPath, Labels, Matching, OrEmpty, Period, Strict
from reconciler.desired.words import one_of
from reconciler.model.target import Sort

RouterName = Annotated[
    str,
    Matching(r"[A-Za-z0-9_.:-]{1,128}", "a name as HAProxy and nginx have them: letters, digits, '_', '.', ':', '-'"),
]

Fronted = Literal["host", "dockerEngine", "swarm"]
"""What a load balancer on a host may stand in front of: a cluster has routers of its own."""

ClusterName = Annotated[
    str, Matching(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", "a name of lower case letters, digits, '-' and '.'")
]


class HaproxySpec(Strict):
    """A backend of HAProxy, told through its runtime API. ``server`` is a template: the server of one target."""

    hosts: Annotated[Labels, Field(min_length=1)]
    backend: RouterName
    server: str = "{{ target.name }}"
    on: Fronted | None = None
    socket: HostPath = "/run/haproxy/admin.sock"
    drain_within: Period = timedelta(seconds=30)

    @model_validator(mode="before")
    @classmethod
    def _no_mirror(cls, given: Any) -> Any:
        if isinstance(given, dict) and "mirror" in given:
            raise ValueError("HAProxy cannot send copies of requests; take mirror out, or use nginx")
        return given


class NginxSpec(Strict):
    """An upstream of nginx whose servers are in a file of ours. ``server`` is a template: the address of one target."""

    hosts: Annotated[Labels, Field(min_length=1)]
    upstream: RouterName
    include: HostPath
    server: str
    on: Fronted | None = None
    mirror: HostPath | None = None
    drain_within: Period = timedelta(seconds=30)


class _InCluster(Strict):
    """``clusters`` are those of the app that the router is in: all of them, unless labels say less."""

    clusters: Annotated[Labels, OrEmpty] = Field(default_factory=dict)
    namespace: ClusterName | None = None
    drain_within: Period = timedelta(seconds=10)


class KubernetesServiceSpec(_InCluster):
    """A Service that sends all requests to one slot. ``selector`` are templates: the labels of the slot's pods."""

    service: ClusterName
    selector: Annotated[dict[str, str], Field(min_length=1)] = Field(
        default_factory=lambda: {"slot": "{{ slot.name }}"}
    )


class HttpRouteSpec(_InCluster):
    """An HTTPRoute of the Gateway API. ``backend`` is a template: the Service of a slot."""

    route: ClusterName
    backend: str = "{{ app }}-{{ slot.name }}"
    port: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    version: Literal["v1", "v1beta1"] = "v1"


class ReplicasSpec(_InCluster):
    """Numbers of pods. ``deployment`` is a template: the Deployment of a slot; so may ``total`` be."""

    deployment: str = "{{ app }}-{{ slot.name }}"
    total: Annotated[int, Field(strict=True, ge=1, le=10_000)] | Annotated[str, Field(min_length=1)]
    surge: Annotated[bool, Field(strict=True)] = False


class TrafficSpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """The router in front of the app: exactly one of the keys."""

    haproxy: HaproxySpec | None = None
    nginx: NginxSpec | None = None
    kubernetes_service: KubernetesServiceSpec | None = None
    http_route: HttpRouteSpec | None = None
    replicas: ReplicasSpec | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "TrafficSpec":
        if len(self._given) != 1:
            raise ValueError(f"expected exactly one of {one_of(list(_KEYS.values()))}")
        return self

    @property
    def key(self) -> str:
        """The key that is there."""
        return next(iter(self._given))

    @property
    def router(self) -> "RouterSpec":
        """What is behind it."""
        return self._given[self.key]

    @property
    def where(self) -> tuple[Sort, str, Labels]:
        """The sort of targets that the router is on, the key that says which, and their labels."""
        if isinstance(self.router, HaproxySpec | NginxSpec):
            return Sort.HOST, "hosts", self.router.hosts
        return Sort.KUBERNETES_CLUSTER, "clusters", self.router.clusters

    @property
    def _given(self) -> "dict[str, RouterSpec]":
        return {key: spec for name, key in _KEYS.items() if (spec := getattr(self, name)) is not None}


_KEYS = {
    "haproxy": "haproxy",
    "nginx": "nginx",
    "kubernetes_service": "kubernetesService",
    "http_route": "httpRoute",
    "replicas": "replicas",
}
ClusterSpec = KubernetesServiceSpec | HttpRouteSpec | ReplicasSpec
RouterSpec = HaproxySpec | NginxSpec | ClusterSpec
