"""A kind for random rollouts: an app that can be stopped, and what belongs to it."""

from collections.abc import Mapping
from typing import Any

from reconciler.model.operation import ControlUnit, Operation, Scope, UnitVerb
from reconciler.model.resource import Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Kind, Stopping
from tests import factory

KIND = "app"


class _Apps(type(factory.KINDS["box"])):  # type: ignore[misc]
    """On a host it writes files, elsewhere it sends requests."""

    def commands(self, resource: Resource, seen: Any, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
        by_hand = factory.KINDS["thing"] if self.TARGET is Sort.HOST else super()
        return by_hand.commands(resource, seen, siblings)

    def removal(self, resource: Resource, seen: Any) -> tuple[Operation, ...]:
        by_hand = factory.KINDS["thing"] if self.TARGET is Sort.HOST else super()
        return by_hand.removal(resource, seen)

    def stopping(self, resource: Resource, seen: Present) -> Stopping | None:
        if not seen.attributes.get("running"):
            return None
        stop = ControlUnit(resource.id.name, Scope.SYSTEM, UnitVerb.STOP)
        return Stopping(operations=(stop,), after=Present({**seen.attributes, "running": False}))


OF_SORT = {sort: KIND if sort is Sort.HOST else f"{KIND}.{sort}" for sort in Sort}
KINDS: Mapping[str, Kind] = {name: _Apps(name, sort) for sort, name in OF_SORT.items()}
