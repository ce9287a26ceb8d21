"""For kinds of things that do not run."""

from collections.abc import Mapping

from reconciler.model.operation import Operation
from reconciler.model.resource import Resource


def restart(resource: Resource, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Return (): there is nothing to restart."""
    return ()
