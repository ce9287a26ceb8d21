"""A symbolic link and where it points."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from reconciler.kinds import compare, look, no_process
from reconciler.kinds.written import Path, Text, Written
from reconciler.model.operation import MakeSymlink, Operation, RemoveFile
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.look import Look

NAME = "symlink"
TARGET = Sort.HOST


def _literal(to: str) -> str:
    if to.startswith("~"):
        raise ValueError("a link does not know ~; write the whole path, or one relative to the link's folder")
    return to


class Spec(Written):
    """A symbolic link on a host."""

    path: Path
    to: Annotated[Text, AfterValidator(_literal), Field(description="the link's text, absolute or relative")]


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the link."""
    return Rendered(name=spec.path, attributes={"type": "symlink", "to": spec.to})


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Look:
    """Look at the path."""
    return Look(resource.id.name)


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_entry`` printed."""
    found = look.entry(look.words(answer, look.ENTRY))
    return Present(look.seen(found, resource)) if found else Absent()


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; anything that is no link is a Conflict."""
    there = seen.attributes["type"] if isinstance(seen, Present) else "symlink"
    if there != "symlink":
        raise compare.in_the_way(resource, resource.id.name, there, "symlink")
    return compare.replacing(compare.difference(resource, seen, ("type", "to")), resource.id.name, ("to",))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Point the link."""
    return (MakeSymlink(resource.id.name, str(resource.attributes["to"])),)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the link; what somebody has put there instead is not ours and stays."""
    ours = isinstance(seen, Present) and seen.attributes["type"] == "symlink"
    return (RemoveFile(resource.id.name),) if ours else ()


restart = no_process.restart
