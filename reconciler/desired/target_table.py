"""All targets of a commit: made from their documents, and found by environment, sort and labels."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, assert_never

from reconciler.desired.documents import HostSpec
from reconciler.desired.fields import Labels
from reconciler.desired.fleet import SORTS, Fleet, Written
from reconciler.desired.health_fields import authorities
from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.memory import Memory
from reconciler.desired.mistakes import where
from reconciler.model.problem import Problem
from reconciler.model.target import (
    DockerEngine,
    EngineEndpoint,
    Host,
    HostSocket,
    Sort,
    Swarm,
    Target,
    TlsSocket,
    UnixSocket,
    hosts_among,
)
from reconciler.policy.select import has
from reconciler.ports.kind import InputError

_PEM, _PRIVATE = "-----BEGIN ", "PRIVATE KEY-----"
_FEW = 6
_NAMES = {sort: name for name, sort in SORTS.items()}


@dataclass(slots=True)
class TargetTable:
    """The targets, and which of them have which labels. ``told`` is told of every mistake."""

    fleet: Fleet
    sources: Sources
    memory: Memory
    told: Callable[[Problem], None]
    all: dict[str, Target] = field(default_factory=dict)
    _there: dict[tuple[str, Sort], list[Target]] = field(default_factory=dict)
    _with: dict[tuple[str, Sort, str, str], list[Target]] = field(default_factory=dict)
    _chosen: dict[tuple[str, Sort, frozenset[tuple[str, str]]], tuple[Target, ...]] = field(default_factory=dict)
    _ways: dict[tuple[Sort, str, str | int], Written[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Hosts first: others are reached through them.
        written = sorted(self.fleet.targets.values(), key=lambda each: (not _is_host(each), each.name))
        for each in written:
            target = self._made(each)
            if target is not None:
                self._is_its_own(target, each)
                self.all[target.name] = target
        for name in sorted(self.all):
            self._place(self.all[name])

    def hosts(self, environment: str, labels: Labels, place: Problem) -> tuple[Host, ...]:
        """Return the environment's hosts that have the labels; tell at the place that there is none."""
        return tuple(
            hosts_among({each.name: each for each in self.chosen((environment, Sort.HOST), labels, place)}).values()
        )

    def chosen(self, there: tuple[str, Sort], labels: Labels, place: Problem) -> tuple[Target, ...]:
        """Return the targets of an environment and sort that have the labels; tell at the place that there is none."""
        key = (*there, frozenset(labels.items()))
        if key not in self._chosen:
            found = min((self._with.get((*there, *each), []) for each in labels.items()), key=len, default=None)
            found = self._there.get(there, []) if found is None else found
            self._chosen[key] = tuple(each for each in found if has(each.labels, labels))
        chosen, (environment, sort) = self._chosen[key], there
        if not chosen and environment in self.fleet.environments and self._all_read(sort):
            name, wanted = _NAMES[sort], ", ".join(f"{label}: {value}" for label, value in labels.items())
            message = (
                f"no {name} in environment '{environment}' has {wanted}" if wanted else f"'{environment}' has no {name}"
            )
            self.told(replace(place, message=message))
        return chosen

    def _is_its_own(self, target: Target, written: Written[Any]) -> None:
        """Under two names it would have two sets of resources, and neither would know of the other."""
        if not isinstance(target, DockerEngine | Swarm):
            return
        first = self._ways.setdefault((target.sort, *_way(target.endpoint)), written)
        if first is not written:
            place = where(first.document, ("metadata", "name"))
            message = f"{first.name}, in {place}, is reached in the same way: it is the same {_NAMES[target.sort]}"
            self.told(written.document.problem(("metadata", "name"), message, "give one of them all labels of both"))

    def _all_read(self, sort: Sort) -> bool:
        made = sum(each.sort is sort for each in self.all.values())
        return made == len(self.fleet.named(_NAMES[sort]))

    def _place(self, target: Target) -> None:
        there = (target.environment, target.sort)
        self._there.setdefault(there, []).append(target)
        for label, value in target.labels.items():
            self._with.setdefault((*there, label, value), []).append(target)

    def _made(self, written: Written[Any]) -> Target | None:
        # A target is the same object while it is as before: units are compared by it.
        key = ("target", written.name)
        if _is_host(written):
            host: Target = self.memory.again(key, written, partial(written.spec.to_model, written.metadata))
            return host
        try:
            made: Target = written.spec.to_model(written.metadata, _TargetSupply(self, written))
        except _Unread:
            return None
        except InputError as error:
            self.told(written.document.problem(("spec", *error.where.split(".")), str(error)))
            return None
        return self.memory.again(key, made, lambda: made)


def _way(endpoint: EngineEndpoint) -> tuple[str, str | int]:
    match endpoint:
        case UnixSocket():
            return "", endpoint.path
        case TlsSocket():
            return endpoint.host, endpoint.port
        case HostSocket():
            return endpoint.host.name, endpoint.path
        case _:
            assert_never(endpoint)


class _Unread(Exception):
    """A document that this one needs has mistakes, which are told there."""


@dataclass(frozen=True, slots=True)
class _TargetSupply:
    """What one target is made with."""

    table: TargetTable
    written: Written[Any]

    def pem(self, key: str, given: str) -> str:
        """Return the certificates in a file of the repository, or in the text; raise InputError."""
        if _PRIVATE in given:
            raise InputError(
                key, "this is a private key, and whoever reads Git can use it now; make a new one, a secret"
            )
        folder = posixpath.dirname(self.written.document.file)
        inputs = ResourceInputs(self.table.sources, folder, {}, {key: given})
        data = given.encode() if _PEM in given else inputs.data(given)
        try:
            return authorities(data)
        except ValueError as error:
            raise InputError(key, str(error) if _PEM in given else f"{given}: {error}") from error

    def host(self, key: str, name: str) -> Host:
        """Return the Host of the name, which has to be in the target's own environment."""
        target = self.table.all.get(name)
        environment = self.written.spec.environment
        if isinstance(target, Host):
            if target.environment != environment:
                there = f"{name} is in the environment '{target.environment}'"
                message = f"{there}, and what it carries here is in '{environment}'"
                raise InputError(key, message)
            return target
        raise _Unread(name)


def _is_host(written: Written[Any]) -> bool:
    return isinstance(written.spec, HostSpec)
