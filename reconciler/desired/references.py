"""What documents say about each other: names that must be there, and circles that must not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.desired.documents import HostSpec
from reconciler.desired.fleet import Fleet
from reconciler.desired.words import Path, describe, expected, nearest
from reconciler.model.problem import Problem

_REFERENCES: Mapping[str, Sequence[tuple[str, str]]] = {
    "Environment": (("after", "Environment"),),
    "Host": (("environment", "Environment"), ("jump", "Host")),
    "DockerEngine": (("environment", "Environment"), ("host", "Host")),
    "Swarm": (("environment", "Environment"), ("host", "Host")),
    "KubernetesCluster": (("environment", "Environment"),),
    "HttpApi": (("environment", "Environment"),),
    "App": (("dependsOn", "App"),),
}
"""Which keys of a spec name other documents, and of which kind."""

_FEW = 6


def check(fleet: Fleet) -> list[Problem]:
    """Return every reference that leads nowhere or in a circle."""
    problems = [*_names(fleet), *_apps(fleet)]
    after = {name: each.spec.after for name, each in fleet.environments.items()}
    hosts = {name: each.spec for name, each in fleet.targets.items() if isinstance(each.spec, HostSpec)}
    jumps = {name: (spec.jump,) for name, spec in hosts.items() if spec.jump}
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


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The text, or the texts of the list, at a place; whatever else is there is told by others."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        yield from (((*path, index), each) for index, each in enumerate(value) if isinstance(each, str))


def _names(fleet: Fleet) -> Iterator[Problem]:
    """Names that are not there. Read from the plain data, so that documents with other mistakes count as well."""
    for (kind, _), document in fleet.names.items():
        spec = document.data.get("spec")
        for key, wanted in _REFERENCES.get(kind, ()) if isinstance(spec, dict) else ():
            for path, name in _texts(spec.get(key), ("spec", key)):
                if not fleet.has(wanted, name):
                    known = fleet.named(wanted)
                    yield document.problem(path, _unknown(wanted, name, known), nearest(name, known))


def _apps(fleet: Fleet) -> Iterator[Problem]:
    for (kind, _), document in fleet.names.items():
        spec = document.data.get("spec")
        environments = spec.get("environments") if kind == "App" and isinstance(spec, dict) else None
        for name, here in environments.items() if isinstance(environments, dict) else ():
            path: Path = ("spec", "environments", name)
            if not fleet.has("Environment", name):
                known = fleet.named("Environment")
                yield document.key_problem(path, _unknown("Environment", name, known), nearest(name, known))
            if "version" not in spec and "version" not in (here if isinstance(here, dict) else ()):
                yield document.problem(path, "there is no version, neither here nor in spec.version")


def _unknown(kind: str, name: str, known: Sequence[str]) -> str:
    few = expected(sorted(known)) if len(known) <= _FEW else ""
    return f"there is no {kind} named {describe(name)}{few}"
