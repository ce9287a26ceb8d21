"""The rules of an HTTPRoute and the weights of the backends in them: what they say, and what they are given. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.cluster import ObjectName
from reconciler.model.traffic import HttpRouteRouter, Member, Route, Share
from reconciler.ports.cluster import ObjectJson

UNTOLD = 1
"""The weight of a backend for which a rule names none."""


class Unfit(Exception):
    """The rules cannot be given such weights. The text says which and why."""


def routes(
    router: HttpRouteRouter, members: Sequence[Member], found: ObjectJson, serving: Mapping[str, bool]
) -> Mapping[str, tuple[Route, ...]]:
    """Return what the rules say of the members, then of other backends that they send requests to.

    None serves while a gateway has not taken the rules over. By what is added to the cluster's name: nothing for the
    first rule that names a member, and for all that say the same as it; `` (rule 3)`` for one that does not.
    """
    serving = serving if _taken_over(found) else dict.fromkeys(serving, False)
    said = [(number, _weights(router, rule)) for number, rule in _naming(router, members, found)]
    if not said:
        return {"": _routes(members, {}, serving)}
    first = said[0][1]
    others = ((number, weights) for number, weights in said[1:] if not _alike(first, weights))
    told = {"": first, **{f" (rule {number})": weights for number, weights in others}}
    return {place: _routes(members, weights, serving) for place, weights in told.items()}


def rules(
    router: HttpRouteRouter, members: Sequence[Member], shares: Sequence[Share], found: ObjectJson
) -> list[dict[str, Any]] | None:
    """Return all rules, with these weights in those that name a member; None where they have them. Raise Unfit.

    Members without a share keep what they have; other backends of such a rule get nothing.
    """
    servers = [each.server for each in members]
    after = {share.server: share.weight for share in shares}
    given = [dict(each) for each in (found.get("spec") or {}).get("rules") or ()]
    naming = list(_naming(router, members, found))
    if not naming:
        raise Unfit(f"no rule of the HTTPRoute {router.route} names {' or '.join(servers)}{_with_port(router)}")
    for number, rule in naming:
        missing = [server for server in servers if server not in _weights(router, rule)]
        if missing:
            raise Unfit(
                f"rule {number} of the HTTPRoute {router.route} does not name {' and '.join(missing)}"
                f"{_with_port(router)}: it has to name every slot's Service among its backendRefs"
            )
        refs = [dict(each) for each in rule["backendRefs"]]
        for ref in refs:
            name = _server(router, ref)
            ref["weight"] = after.get(name, ref.get("weight", UNTOLD)) if name in servers else 0
        given[number - 1]["backendRefs"] = refs
    return None if given == list(found["spec"]["rules"]) else given


def fields(name: ObjectName, given: Sequence[Mapping[str, Any]], found: ObjectJson) -> dict[str, Any]:
    """Return the fields of the HTTPRoute that are ours: its rules, which cannot be had in parts."""
    metadata = found["metadata"]
    return {
        "apiVersion": name.api_version,
        "kind": name.kind,
        "metadata": {
            "name": name.name,
            "namespace": name.namespace,
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "spec": {"rules": list(given)},
    }


def serves(endpoints: ObjectJson | None) -> bool:
    """Return whether a Service has an address that takes requests."""
    return any(subset.get("addresses") for subset in (endpoints or {}).get("subsets") or ())


def _taken_over(found: ObjectJson) -> bool:
    """Whether every gateway that speaks of the route has accepted it as it is now."""
    newest = found["metadata"].get("generation") or 0
    parents = (found.get("status") or {}).get("parents") or ()
    accepted = (each for parent in parents for each in parent.get("conditions") or () if each.get("type") == "Accepted")
    return all(
        each.get("status") == "True" and (each.get("observedGeneration") or newest) >= newest for each in accepted
    )


def _naming(
    router: HttpRouteRouter, members: Sequence[Member], found: ObjectJson
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rules that name a member, with their numbers from 1."""
    servers = {each.server for each in members}
    for number, rule in enumerate((found.get("spec") or {}).get("rules") or (), start=1):
        if servers & {_server(router, ref) for ref in rule.get("backendRefs") or ()}:
            yield number, rule


def _weights(router: HttpRouteRouter, rule: Mapping[str, Any]) -> Mapping[str, int]:
    weights: dict[str, int] = {}
    for ref in rule.get("backendRefs") or ():
        name = _server(router, ref)
        weights[name] = weights.get(name, 0) + int(ref.get("weight", UNTOLD))
    return weights


def _server(router: HttpRouteRouter, ref: Mapping[str, Any]) -> str:
    """The Service that the reference means; with namespace, port and all where it cannot be a member's."""
    name, namespace, port = str(ref.get("name", "")), ref.get("namespace", router.namespace), ref.get("port")
    ours = ref.get("kind", "Service") == "Service" and not ref.get("group") and namespace == router.namespace
    if ours and router.port in (None, port):
        return name
    return f"{namespace}/{name}:{port}"


def _alike(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    has, shall = sum(one.values()), sum(other.values())
    return all(one.get(name, 0) * shall == other.get(name, 0) * has for name in {*one, *other})


def _routes(members: Sequence[Member], weights: Mapping[str, int], serving: Mapping[str, bool]) -> tuple[Route, ...]:
    servers = [each.server for each in members]
    others = [name for name, weight in weights.items() if name not in servers and weight]
    return tuple(Route(name, weights.get(name, 0), serving.get(name, True)) for name in (*servers, *others))


def _with_port(router: HttpRouteRouter) -> str:
    return f" at port {router.port}" if router.port else ""
