"""Kinds of a fleet that nobody looks at: what was asked for is there, field by field, and nothing else is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model.canonical import Json, same
from reconciler.model.change import Action, FieldDiff
from reconciler.model.operation import ControlUnit, Operation, Scope, UnitVerb
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Kind, Rendered, Stopping, Waved
from reconciler.ports.look import Look
from reconciler.ports.reads import Read


@dataclass(frozen=True)
class StatedKind:
    """A kind whose resources look as they were asked for. All that is no look is the real kind's."""

    real: Kind

    @property
    def NAME(self) -> str:
        """The real kind's name."""
        return self.real.NAME

    @property
    def TARGET(self) -> Sort:
        """The real kind's sort of target."""
        return self.real.TARGET

    @property
    def Spec(self) -> Any:
        """The real kind's Spec."""
        return self.real.Spec

    def render(self, spec: Any, inputs: Inputs) -> Rendered | Sequence[Rendered]:
        """Render as the real kind does."""
        return self.real.render(spec, inputs)

    def probe(self, resource: Resource, siblings: Mapping[str, Resource]) -> str | Look | Read:
        """Probe as the real kind does."""
        return self.real.probe(resource, siblings)

    def parse(self, resource: Resource, answer: Sequence[str]) -> Present | Absent:
        """Parse as the real kind does."""
        return self.real.parse(resource, answer)

    def diff(self, resource: Resource, seen: Present | Absent) -> Difference | None:
        """Compare field by field."""
        before: Mapping[str, Json] = {} if isinstance(seen, Absent) else seen.attributes
        fields = tuple(
            FieldDiff(path=key, before=before.get(key), after=value, secret=_keyed(before.get(key)) or _keyed(value))
            for key, value in sorted(resource.attributes.items())
            if key not in before or not same(before[key], value)
        )
        if isinstance(seen, Absent):
            return Difference(action=Action.CREATE, fields=fields)
        return Difference(action=Action.UPDATE, fields=fields) if fields else None

    def commands(
        self, resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]
    ) -> tuple[Operation, ...]:
        """Return what the real kind would do where nothing is yet."""
        return self.real.commands(resource, Absent(), siblings)

    def restart(self, resource: Resource, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
        """Restart as the real kind does."""
        return self.real.restart(resource, siblings)

    def removal(self, resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
        """Return something to do; where nobody looks, no more is needed."""
        return (ControlUnit(resource.id.name, Scope.SYSTEM, UnitVerb.STOP),)

    def stopping(self, resource: Resource, seen: Present) -> Stopping | None:
        """Stop what runs."""
        if not seen.attributes.get("running"):
            return None
        stop = ControlUnit(resource.id.name, Scope.SYSTEM, UnitVerb.STOP)
        return Stopping(operations=(stop,), after=Present({**seen.attributes, "running": False}))


@dataclass(frozen=True)
class StatedWaved(StatedKind):
    """The same for a kind whose resources go in an order of their own."""

    order: Waved

    def wave(self, resource: Resource) -> tuple[int, ...]:
        """Return its place as the real kind does."""
        return self.order.wave(resource)


def _keyed(value: Json) -> bool:
    return isinstance(value, str) and value.startswith("keyed:")


def stated(kinds: Mapping[str, Kind]) -> Mapping[str, Kind]:
    """Return the kinds as they are where nobody looks."""
    return {
        name: StatedWaved(kind, kind) if isinstance(kind, Waved) else StatedKind(kind) for name, kind in kinds.items()
    }
