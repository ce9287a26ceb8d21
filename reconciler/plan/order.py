"""The order in which the resources of one unit on one target are changed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from reconciler.model.resource import Resource


class Cycle(Exception):
    """Resources that depend on each other in a circle. The text names them in order."""


def ordered(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    """Return the resources with everything before what needs it, otherwise in the order of the document.

    A resource needs what ``depends_on`` and ``restart_on`` name, and the resources whose path contains its own. Refs to
    resources that are not in the sequence do not count. Raises Cycle.
    """
    by_ref = {resource.id.ref: resource for resource in resources}
    by_path = {path: resource for resource in resources if (path := _path(resource))}
    done: dict[str, Resource] = {}

    def visit(resource: Resource, trail: tuple[str, ...]) -> None:
        ref = resource.id.ref
        if ref in done:
            return
        if ref in trail:
            circle = (*trail[trail.index(ref) :], ref)
            raise Cycle(f"resources depend on each other in a circle: {' → '.join(circle)}")
        for needed in _needs(resource, by_ref, by_path):
            visit(needed, (*trail, ref))
        done[ref] = resource

    for resource in resources:
        visit(resource, ())
    return tuple(done.values())


def _needs(resource: Resource, by_ref: Mapping[str, Resource], by_path: Mapping[str, Resource]) -> Iterator[Resource]:
    for ref in (*resource.depends_on, *resource.restart_on):
        if ref in by_ref:
            yield by_ref[ref]
    path = _path(resource)
    if path:
        for parent in PurePosixPath(path).parents:
            if str(parent) in by_path and by_path[str(parent)] is not resource:
                yield by_path[str(parent)]


def _path(resource: Resource) -> str | None:
    path = resource.attributes.get("path", resource.id.name)
    return path if isinstance(path, str) and path.startswith(("/", "~/")) else None
