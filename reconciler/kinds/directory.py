"""A directory: mode, owner and group. Nothing is said about what is in it."""

from collections.abc import Mapping, Sequence

from reconciler.kinds import compare, file, look, no_process
from reconciler.kinds.written import Account, Mode, Path, Written
from reconciler.model.operation import MakeDirectory, Operation, RemoveDirectory
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered
from reconciler.ports.look import Look

NAME = "directory"
TARGET = Sort.HOST
_COMPARED = ("type", "mode", "owner", "group")


class Spec(Written):
    """A directory on a host."""

    path: Path
    mode: Mode = "0755"
    owner: Account | None = None
    group: Account | None = None


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the directory."""
    accounts = compare.optional(owner=spec.owner, group=spec.group)
    return Rendered(name=spec.path, attributes={"type": "directory", "mode": spec.mode, **accounts})


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Look:
    """Look at the path."""
    return Look(resource.id.name)


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_entry`` printed."""
    found = look.entry(look.words(answer, look.ENTRY))
    return Present(look.seen(found, resource)) if found else Absent()


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; anything that is no directory is a Conflict."""
    there = seen.attributes["type"] if isinstance(seen, Present) else "directory"
    if there == "symlink":
        # Removing the link could cut off what others reach through it (/var/run, /opt on another disk).
        raise Conflict(
            f"{resource.id.name} is a symlink on {resource.id.target}, a directory was asked for; "
            "write the path it leads to, or remove it by hand"
        )
    if there != "directory":
        raise compare.in_the_way(resource, resource.id.name, there, "directory")
    return compare.difference(resource, seen, _COMPARED)


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Make the directory, or set what differs."""
    if isinstance(seen, Present):
        return file.set_attributes(resource, seen)
    mode = compare.managed(resource, "mode") or "0755"
    owner, group = compare.managed(resource, "owner"), compare.managed(resource, "group")
    return (MakeDirectory(resource.id.name, mode, owner, group),)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the directory if it is empty by then."""
    ours = isinstance(seen, Present) and seen.attributes["type"] == "directory"
    return (RemoveDirectory(resource.id.name),) if ours else ()


restart = no_process.restart
