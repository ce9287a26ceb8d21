"""A Service whose selector names the pods of one slot: what it says, and what it is given. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.cluster import ObjectName
from reconciler.model.traffic import Member, Route, ServiceRouter
from reconciler.ports.cluster import ObjectJson

FULL = 100


def selector(service: ObjectJson) -> Mapping[str, str]:
    """Return the labels of the pods that the Service sends requests to; empty where it looks for none."""
    found = (service.get("spec") or {}).get("selector") or {}
    return {str(name): str(value) for name, value in found.items()}


def selected(router: ServiceRouter, members: Sequence[Member], service: ObjectJson) -> tuple[str, ...]:
    """Return the servers whose pods it sends requests to."""
    now = selector(service)
    return tuple(each.server for each in members if _is_chosen(_labels(router, each.server), now))


def pods_of(router: ServiceRouter, server: str, service: ObjectJson) -> Mapping[str, str]:
    """Return the labels of the pods that get the requests when this server does."""
    return {**selector(service), **_labels(router, server)}


def routes(
    router: ServiceRouter,
    members: Sequence[Member],
    service: ObjectJson,
    endpoints: ObjectJson | None,
    pods: Mapping[str, Sequence[ObjectJson]],
) -> tuple[Route, ...]:
    """Return what the Service says of the members. ``pods`` are those of each server.

    One that is selected serves when the addresses that requests go to are its pods, and nobody else's; another one when
    a pod of it is ready.
    """
    now, reached = selector(service), _reached(endpoints)
    return tuple(_route(each.server, _labels(router, each.server), now, reached, pods[each.server]) for each in members)


def fields(router: ServiceRouter, name: ObjectName, server: str, service: ObjectJson) -> dict[str, Any]:
    """Return the fields of the Service that are ours once this server gets the requests."""
    return {
        "apiVersion": name.api_version,
        "kind": name.kind,
        "metadata": {"name": name.name, "namespace": name.namespace, "uid": service["metadata"]["uid"]},
        "spec": {"selector": pods_of(router, server, service)},
    }


def _labels(router: ServiceRouter, server: str) -> Mapping[str, str]:
    return next(dict(each.labels) for each in router.selects if each.server == server)


def _route(
    server: str,
    labels: Mapping[str, str],
    now: Mapping[str, str],
    reached: frozenset[str],
    pods: Sequence[ObjectJson],
) -> Route:
    chosen = _is_chosen(labels, now)
    names = {str(pod["metadata"]["name"]) for pod in pods}
    alone = chosen and labels.items() <= now.items()
    serving = bool(reached) and reached <= names if alone else any(map(_ready, pods))
    return Route(server=server, weight=FULL if chosen else 0, serving=serving)


def _is_chosen(labels: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return bool(now) and all(now.get(name, value) == value for name, value in labels.items())


def _reached(endpoints: ObjectJson | None) -> frozenset[str]:
    subsets: Iterable[Mapping[str, Any]] = (endpoints or {}).get("subsets") or ()
    addresses = (address for subset in subsets for address in subset.get("addresses") or ())
    return frozenset(str((address.get("targetRef") or {}).get("name", "")) for address in addresses)


def _ready(pod: ObjectJson) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    leaving = "deletionTimestamp" in pod["metadata"]
    return not leaving and any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
