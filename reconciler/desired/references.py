"""What documents say about each other: names that must be there, and circles that must not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.desired.fleet import Fleet
from reconciler.desired.tree import Document
from reconciler.desired.words import Path, describe, nearest, one_of
from reconciler.model.problem import Problem


def check(fleet: Fleet) -> list[Problem]:
    """Return every reference that leads nowhere or in a circle."""
    problems = [*_environments(fleet), *_hosts(fleet), *_apps(fleet)]
    after = {name: each.spec.after for name, each in fleet.environments.items()}
    jumps = {name: (each.spec.jump,) for name, each in fleet.hosts.items() if each.spec.jump}
    depends = {name: each.spec.depends_on for name, each in fleet.apps.items()}
    for kind, edges, key in (("Environment", after, "after"), ("Host", jumps, "jump"), ("App", depends, "dependsOn")):
        for circle in circles(edges):
            way = " -> ".join((*circle, circle[0]))
            problems.append(fleet.names[kind, circle[0]].problem(("spec", key), f"this goes in a circle: {way}"))
    return problems


def circles(edges: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Yield circles of a graph, each starting at its first name in the alphabet; none is left when all are mended."""
    done: set[str] = set()
    for start in sorted(edges):
        way: dict[str, Iterator[str]] = {}
        if start not in done:
            way[start] = iter(edges.get(start, ()))
        while way:
            here = next(reversed(way))
            following = next(way[here], None)
            if following is None:
                done.add(here)
                del way[here]
            elif following in way:
                names = list(way)
                yield _turned(names[names.index(following) :])
            elif following not in done:
                way[following] = iter(edges.get(following, ()))


def _turned(circle: Sequence[str]) -> tuple[str, ...]:
    first = circle.index(min(circle))
    return (*circle[first:], *circle[:first])


def _environments(fleet: Fleet) -> Iterator[Problem]:
    for environment in fleet.environments.values():
        for index, name in enumerate(environment.spec.after):
            yield from _exists(fleet, "Environment", name, (environment.document, ("spec", "after", index)))


def _hosts(fleet: Fleet) -> Iterator[Problem]:
    for host in fleet.hosts.values():
        yield from _exists(fleet, "Environment", host.spec.environment, (host.document, ("spec", "environment")))
        if host.spec.jump:
            yield from _exists(fleet, "Host", host.spec.jump, (host.document, ("spec", "jump")))


def _apps(fleet: Fleet) -> Iterator[Problem]:
    for app in fleet.apps.values():
        for index, name in enumerate(app.spec.depends_on):
            yield from _exists(fleet, "App", name, (app.document, ("spec", "dependsOn", index)))
        for name, environment in app.spec.environments.items():
            here: Path = ("spec", "environments", name)
            if not fleet.has("Environment", name):
                known = fleet.named("Environment")
                message = f"there is no Environment named {describe(name)}{_known(known)}"
                yield app.document.key_problem(here, message, nearest(name, known))
            if not (environment.version or app.spec.version):
                yield app.document.problem(here, "there is no version, neither here nor in spec.version")


def _exists(fleet: Fleet, kind: str, name: str, place: tuple[Document, Path]) -> Iterator[Problem]:
    if not fleet.has(kind, name):
        document, path = place
        known = fleet.named(kind)
        message = f"there is no {kind} named {describe(name)}{_known(known)}"
        yield document.problem(path, message, nearest(name, known))


def _known(names: Sequence[str]) -> str:
    return f"; expected {one_of(sorted(names))}" if 0 < len(names) <= 6 else ""
