"""Who has what on a target: a path is one thing, whatever kind speaks of it, and so is a name within a kind."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.desired import mistakes
from reconciler.desired.tree import Document
from reconciler.desired.words import Path
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.problem import Problem
from reconciler.model.traffic import (
    HaproxyRouter,
    HttpRouteRouter,
    NginxRouter,
    ReplicasRouter,
    Router,
    ServiceRouter,
)
from reconciler.ports.kind import Rendered


@dataclass(frozen=True, slots=True)
class _Claim:
    resource: ResourceId
    document: Document
    path: Path
    alone: bool

    def same_place(self, other: "_Claim") -> bool:
        here, there = (self.document, self.path), (other.document, other.path)
        return here == there and self.resource.unit == other.resource.unit


Taking: TypeAlias = tuple[tuple[tuple[str, str], "_Claim"], ...]
"""What one resource needs for itself on its target."""


def needs(resource: ResourceId, rendered: Rendered, document: Document, path: Path) -> Taking:
    """Return what the resource needs on its target; ``path`` is its place in the document."""
    return tuple(
        ((resource.target, thing), _Claim(resource, document, path, alone))
        for thing, alone in _things(resource, rendered)
    )


def fronts(unit: UnitId, router: Router, document: Document) -> Taking:
    """Return what the router of a unit takes on its load balancers: a backend, files that nginx includes, objects."""
    path: Path = ("spec", "traffic", router.router)
    match router:
        case HaproxyRouter():
            name, things = f"haproxy:{router.backend}", [f"traffic:haproxy:{router.backend}"]
        case NginxRouter():
            name, things = f"nginx:{router.upstream}", [router.include, *([router.mirror] if router.mirror else [])]
        case ServiceRouter():
            name = f"service:{router.namespace}/{router.service}"
            things = [f"traffic:{name}"]
        case HttpRouteRouter():
            name = f"httpRoute:{router.namespace}/{router.route}"
            things = [f"traffic:{name}"]
        case ReplicasRouter():
            servers = sorted({each.server for each in router.members})
            name = f"replicas:{router.namespace}/{','.join(servers)}"
            things = [f"traffic:replicas:{router.namespace}/{each}" for each in servers]
    return tuple(
        ((host, thing), _Claim(ResourceId(unit, host, "traffic", name), document, path, alone=True))
        for host in router.hosts
        for thing in things
    )


@dataclass(slots=True)
class Claims:
    """What every resource has taken so far. Things are alone somebody's, or shared by any number (lines of a file)."""

    _taken: dict[tuple[str, str], _Claim] = field(default_factory=dict)

    def take(self, taking: Taking) -> Problem | None:
        """Take what a resource needs; return what is wrong when somebody else has it."""
        problem = None
        for place, mine in taking:
            first = self._taken.setdefault(place, mine)
            if first is mine or first.same_place(mine) or not (first.alone or mine.alone):
                continue
            problem = problem or mine.document.problem(mine.path, _told(first, mine.resource, place[1]))
        return problem


def _things(resource: ResourceId, rendered: Rendered) -> Iterator[tuple[str, bool]]:
    yield resource.ref, True
    if resource.name.startswith(("/", "~/")) and resource.name not in rendered.shares:
        yield resource.name, True
    yield from ((path, True) for path in rendered.claims)
    yield from ((path, False) for path in rendered.shares)


def _told(first: _Claim, resource: ResourceId, thing: str) -> str:
    what = "" if thing in (first.resource.ref, first.resource.name) else f" ({thing})"
    return (
        f"{first.resource.ref} on {resource.target}{what} is already in {first.resource.unit}, "
        f"{mistakes.where(first.document, first.path)}; two resources cannot share one thing"
    )
