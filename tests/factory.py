"""Small true values of the model for tests of pure code: a fleet of things, where a thing has a colour and a size."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from reconciler.diff import pair
from reconciler.model.assessment import Assessment
from reconciler.model.canonical import Json, digest, digest_bytes, plain
from reconciler.model.change import Action, FieldDiff
from reconciler.model.content import Content
from reconciler.model.health import HealthCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import ControlUnit, Operation, RemoveFile, Scope, UnitVerb, WriteFile
from reconciler.model.plan import Tier
from reconciler.model.policy import DEFAULT_POLICY, Amount, RolloutPolicy
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Observation, Present, Resource, Routes, Survey, Unknown
from reconciler.model.standing import Standing
from reconciler.model.target import (
    DockerEngine,
    Host,
    HttpApi,
    InCluster,
    KubernetesCluster,
    Sort,
    Swarm,
    Target,
    UnixSocket,
)
from reconciler.model.unit import Desired, Unit
from reconciler.plan.review import review
from reconciler.plan.situation import Situation
from reconciler.policy.holding import holding
from reconciler.policy.ownership import reachable
from reconciler.policy.removal import tombstone
from reconciler.ports.kind import Conflict, Difference, Kind, Rendered

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SHOP = UnitId("shop", "production")
ALL = Amount(100, percent=True)


class _Things:
    """A kind whose resources are whatever their attributes say; removing and writing are one operation each."""

    NAME = "thing"
    TARGET = Sort.HOST
    Spec = BaseModel

    def render(self, spec: Any, inputs: Any) -> Rendered:
        return Rendered(name=spec.name, attributes=spec.attributes)

    def probe(self, resource: Resource) -> str:
        return f"look {resource.id.name}"

    def parse(self, resource: Resource, answer: Any) -> Present | Absent:
        return Present({}) if answer else Absent()

    def diff(self, resource: Resource, seen: Present | Absent) -> Difference | None:
        before: Mapping[str, Json] = {} if isinstance(seen, Absent) else seen.attributes
        if "in the way" in before:
            raise Conflict(f"{before['in the way']} is in the way; move it")
        fields = tuple(
            FieldDiff(path=key, before=before.get(key), after=value)
            for key, value in sorted(resource.attributes.items())
            if before.get(key) != value
        )
        if isinstance(seen, Absent):
            return Difference(action=Action.CREATE, fields=fields)
        replaces = (resource.id.name,) if any(field.path == "content" and field.before for field in fields) else ()
        return Difference(action=Action.UPDATE, fields=fields, replaces=replaces) if fields else None

    def commands(self, resource: Resource, seen: Any, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
        data = str(sorted(resource.attributes.items())).encode()
        content = Content(digest_bytes(data), digest_bytes(data), len(data))
        return (WriteFile(resource.id.name, content, "0644"),)

    def restart(self, resource: Resource, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
        return (ControlUnit(resource.id.name, Scope.SYSTEM, UnitVerb.RESTART),)

    def removal(self, resource: Resource, seen: Any) -> tuple[Operation, ...]:
        return () if isinstance(seen, Present) and "in the way" in seen.attributes else (RemoveFile(resource.id.name),)


class _Sent(_Things):
    """The same on an API: each is a request."""

    def __init__(self, name: str, target: Sort) -> None:
        self.NAME = name
        self.TARGET = target

    def commands(self, resource: Resource, seen: Any, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
        data = str(sorted(resource.attributes.items())).encode()
        body = Content(digest_bytes(data), digest_bytes(data), len(data))
        return (Send(what=f"put {resource.id.name}", method="PUT", path=f"/{resource.id.name}", body=body),)

    def restart(self, resource: Resource, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
        return ()

    def removal(self, resource: Resource, seen: Any) -> tuple[Operation, ...]:
        if isinstance(seen, Present) and "in the way" in seen.attributes:
            return ()
        what = f"delete {resource.id.name}"
        return (Send(what=what, method="DELETE", path=f"/{resource.id.name}", fine=(404,)),)


OF_SORT = {
    Sort.HOST: "thing",
    Sort.DOCKER_ENGINE: "box",
    Sort.SWARM: "hive",
    Sort.KUBERNETES_CLUSTER: "object",
    Sort.HTTP_API: "record",
}
"""The kind that there is for each sort of target."""

KINDS: Mapping[str, Kind] = {
    name: _Things() if sort is Sort.HOST else _Sent(name, sort) for sort, name in OF_SORT.items()
}


def host(name: str) -> Host:
    return Host(name=name, environment="production", address="127.0.0.1", user="deploy", host_key="k", labels={})


def target(name: str, sort: Sort = Sort.HOST) -> Target:
    of: dict[str, Any] = {"name": name, "environment": "production", "labels": {}}
    match sort:
        case Sort.HOST:
            return host(name)
        case Sort.DOCKER_ENGINE:
            return DockerEngine(**of, address="127.0.0.1", endpoint=UnixSocket())
        case Sort.SWARM:
            return Swarm(**of, address="127.0.0.1", endpoint=UnixSocket())
        case Sort.KUBERNETES_CLUSTER:
            return KubernetesCluster(**of, access=InCluster())
        case Sort.HTTP_API:
            return HttpApi(**of, url="https://api.example")


def thing(name: str, target: str = "web-1", unit: UnitId = SHOP, **attributes: Json) -> Resource:
    return Resource(id=ResourceId(unit, target, "thing", name), attributes=attributes or {"colour": "red"})


def of_sort(sort: Sort, name: str, target: str, **attributes: Json) -> Resource:
    """A thing, or what is like one on a target of another sort."""
    return Resource(id=ResourceId(SHOP, target, OF_SORT[sort], name), attributes=attributes or {"colour": "red"})


def unit(
    *resources: Resource,
    of: UnitId = SHOP,
    commit: str = "c1",
    version: str = "1",
    policy: RolloutPolicy = DEFAULT_POLICY,
    health: tuple[HealthCheck, ...] = (),
    after: tuple[UnitId, ...] = (),
) -> Unit:
    described = [version, sorted(str(r.id) + r.digest for r in resources), plain(health)]
    return Unit(
        id=of,
        version=version,
        commit=commit,
        digest=digest(described),
        targets=tuple(sorted({resource.id.target for resource in resources})),
        resources=resources,
        health=health,
        after=after,
        policy=policy,
    )


def tier(*targets: str, may_be_down: int | None = None) -> Tier:
    return Tier(sort=Sort.HOST, targets=targets, may_be_down=may_be_down)


def desired(*units: Unit) -> Desired:
    hosts = {target: host(target) for each in units for target in each.targets}
    return Desired(commit=units[0].commit, targets=hosts, units={each.id: each for each in units})


def as_wanted(*resources: Resource) -> dict[ResourceId, Observation]:
    return {resource.id: Present(resource.attributes) for resource in resources}


def absent(*resources: Resource) -> dict[ResourceId, Observation]:
    return {resource.id: Absent() for resource in resources}


def assess(
    wanted: Desired,
    seen: Mapping[ResourceId, Observation],
    standing: Standing | None = None,
    now: datetime = NOW,
    routes: Mapping[UnitId, Routes] | None = None,
) -> tuple[Assessment, ...]:
    """Plan as a pass does, with the world as given."""
    standing = standing or Standing()
    gone = {each: Unknown("no longer in Git") for each in seen if each.target not in wanted.targets}
    survey = Survey({**seen, **gone}, routes=routes or {})
    held = [holding(each, standing.of(each.id)).unit for each in wanted.units.values()]
    diffs = {
        each.id: pair.compare(each, survey, reachable(standing.of(each.id).owned, wanted.targets), KINDS, {})
        for each in (*held, *(tombstone(gone, wanted.commit) for gone in standing.units if gone not in wanted.units))
        if each is not None
    }
    situation = Situation(desired=wanted, standing=standing, survey=survey, diffs=diffs, kinds=KINDS, now=now)
    return review(situation).assessments


def repainted(resource: Resource, **attributes: Json) -> Resource:
    return replace(resource, attributes={**resource.attributes, **attributes})
