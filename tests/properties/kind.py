"""A kind for random rollouts: an app that can be stopped, and what belongs to it."""

from collections.abc import Mapping

from reconciler.model.operation import ControlUnit, Scope, UnitVerb
from reconciler.model.resource import Present, Resource
from reconciler.ports.kind import Kind, Stopping
from tests import factory

KIND = "app"


class _Apps(type(factory.KINDS["thing"])):  # type: ignore[misc]
    NAME = KIND

    def stopping(self, resource: Resource, seen: Present) -> Stopping | None:
        if not seen.attributes.get("running"):
            return None
        stop = ControlUnit(resource.id.name, Scope.SYSTEM, UnitVerb.STOP)
        return Stopping(operations=(stop,), after=Present({**seen.attributes, "running": False}))


KINDS: Mapping[str, Kind] = {KIND: _Apps()}
