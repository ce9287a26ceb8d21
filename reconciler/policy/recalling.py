"""What a target never shows is taken from our own record of what was applied last. Pure."""

from reconciler.model.resource import Absent, Present, Resource
from reconciler.ports.kind import Kind, Recalling


def recalled(kind: Kind, resource: Resource, seen: Present | Absent, applied: Resource | None) -> Present | Absent:
    """Return what was seen, and what is not shown of it as ``applied`` had it; None where nobody knows."""
    if isinstance(seen, Absent) or not isinstance(kind, Recalling):
        return seen
    return kind.recalled(resource, seen, applied)
