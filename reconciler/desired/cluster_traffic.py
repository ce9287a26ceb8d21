"""Routers in the clusters of the app: a Service's selector, an HTTPRoute's weights, numbers of pods."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.desired.traffic_documents import ClusterSpec, HttpRouteSpec, KubernetesServiceSpec, ReplicasSpec
from reconciler.desired.traffic_frame import Frame
from reconciler.desired.words import describe
from reconciler.model.resource import Resource
from reconciler.model.target import KubernetesCluster, Target, clusters_among
from reconciler.model.traffic import (
    ClusterRouter,
    HttpRouteRouter,
    Member,
    ReplicasRouter,
    Router,
    Selects,
    ServiceRouter,
)

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_MOST = 10_000


def router(written: ClusterSpec, frame: Frame) -> ClusterRouter | None:
    """Return the router, None where it is mistaken; that is told."""
    clusters = _clusters(frame)
    if not clusters:
        return None
    namespace = _namespace(written, clusters, frame)
    names = tuple(each.name for each in clusters)
    match written:
        case KubernetesServiceSpec():
            members = tuple(Member(each.name, slot, slot) for each in clusters for slot in frame.between.slots)
            return ServiceRouter(
                hosts=names,
                namespace=namespace,
                service=written.service,
                members=members,
                selects=tuple(_selects(written, clusters, frame)),
                drain_within=written.drain_within,
            )
        case HttpRouteSpec():
            return HttpRouteRouter(
                hosts=names,
                namespace=namespace,
                route=written.route,
                members=_members("backend", written.backend, clusters, frame),
                port=written.port,
                version=written.version,
                drain_within=written.drain_within,
            )
        case ReplicasSpec():
            return ReplicasRouter(
                hosts=names,
                namespace=namespace,
                total=_total(written, clusters, frame),
                surge=written.surge,
                members=_members("deployment", written.deployment, clusters, frame),
                drain_within=written.drain_within,
            )


def left_to(router: Router | None, resource: Resource, targets: Mapping[str, Target]) -> Resource:
    """Return the resource with those fields ignored that the router writes: they are as the rollout has them."""
    target = targets.get(resource.id.target)
    if not isinstance(router, ClusterRouter) or not isinstance(target, KubernetesCluster):
        return resource
    within = router.namespace + "/"
    # An object that names no namespace is in that of the cluster.
    ways = (within, "") if target.namespace == router.namespace else (within,)
    names = {f"{kind}/{way}{name}" for kind, name in _objects(router) for way in ways}
    return replace(resource, ignore=(*resource.ignore, *_fields(router))) if resource.id.name in names else resource


def _objects(router: ClusterRouter) -> Iterator[tuple[str, str]]:
    """The kinds and names of the objects that the router writes, as their resources are called."""
    match router:
        case ServiceRouter(service=service):
            yield "Service", service
        case HttpRouteRouter(route=route):
            yield "HTTPRoute.gateway.networking.k8s.io", route
        case ReplicasRouter(members=members):
            yield from (("Deployment.apps", each.server) for each in members)


def _fields(router: ClusterRouter) -> tuple[str, ...]:
    match router:
        case ServiceRouter(selects=selects):
            return tuple(
                f"spec.selector.{name}" for name in sorted({name for each in selects for name, _ in each.labels})
            )
        case HttpRouteRouter():
            return ("spec.rules.*.backendRefs.*.weight",)
        case ReplicasRouter():
            return ("spec.replicas",)


def _clusters(frame: Frame) -> Sequence[KubernetesCluster]:
    """The app's clusters, all of which have to have the router; none where something is wrong."""
    if not frame.between.slots:
        message = "requests are sent to one or the other of the app's slots, and it has none"
        frame.tell("", message, "write spec.slots: {blue: {}, green: {}}")
        return ()
    clusters = clusters_among({each.name: each for each in frame.between.targets})
    there = {each.name for each in frame.between.balancers}
    if not clusters:
        frame.tell("", "the app has no Kubernetes cluster", "write kubernetesClusters under spec.targets")
        return ()
    if without := sorted(clusters.keys() - there):
        message = f"{without[0]} is a target of the app, and these labels leave it out"
        frame.tell("clusters", message, "leave clusters out: then it is all of the app's")
        return ()
    return [clusters[name] for name in sorted(clusters)]


def _namespace(written: ClusterSpec, clusters: Sequence[KubernetesCluster], frame: Frame) -> str:
    found = sorted({written.namespace or each.namespace for each in clusters})
    if len(found) > 1:
        message = f"the app's clusters have different namespaces ({', '.join(found)})"
        frame.tell("", message, "name the one that the router is in, on all of them, as namespace")
    return found[0]


def _members(key: str, template: str, clusters: Sequence[KubernetesCluster], frame: Frame) -> tuple[Member, ...]:
    members = tuple(frame.members(key, template, clusters))
    names: dict[str, str] = {}
    for member in members:
        if not _NAME.fullmatch(member.server):
            expected = "expected a name of lower case letters, digits, '-' and '.'"
            frame.tell(key, f"{expected}, got {describe(member.server)} for slot {member.slot}")
            return members
        if names.setdefault(member.slot, member.server) != member.server:
            message = f"slot {member.slot} would have another name on {member.target} than on {members[0].target}"
            frame.tell(key, message, "a slot has one name on all clusters: leave target out of it")
            return members
    if len(set(names.values())) < len(names):
        frame.tell(key, f"both slots would be '{members[0].server}'", "use {{ slot.name }} in it")
    return members


def _selects(written: KubernetesServiceSpec, clusters: Sequence[KubernetesCluster], frame: Frame) -> Iterator[Selects]:
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for slot in frame.between.slots:
        texts = {key: frame.text("selector", text, clusters[0], slot) for key, text in written.selector.items()}
        labels = tuple(sorted((key, text) for key, text in texts.items() if text is not None))
        if len(labels) < len(texts):
            return
        if wrong := next((text for _, text in labels if not _LABEL.fullmatch(text)), None):
            frame.tell("selector", f"expected the value of a label, got {describe(wrong)} for slot {slot}")
            return
        if (other := seen.setdefault(labels, slot)) != slot:
            message = f"{other} and {slot} would be the same pods"
            frame.tell("selector", message, "use {{ slot.name }} in it")
            return
        yield Selects(slot, labels)


def _total(written: ReplicasSpec, clusters: Sequence[KubernetesCluster], frame: Frame) -> int:
    if isinstance(written.total, int):
        return written.total
    text = frame.text("total", written.total, clusters[0], frame.between.slots[0])
    if text is None:
        return 1
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        frame.tell("total", f"expected a number of pods from 1 to {_MOST}, got {describe(text)}")
        return 1
    return int(text)
