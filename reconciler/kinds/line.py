"""One line of a file; the rest of the file is somebody else's."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from reconciler.kinds import compare, edits, look, no_process
from reconciler.kinds.edits import Line
from reconciler.kinds.written import Account, Mode, Path, Written
from reconciler.model.operation import DropLine, EditFile, Operation, PutLine
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.shell import quote, quote_path

NAME = "line"
TARGET = Sort.HOST
_SHORT = 40


class Spec(Written):
    """A line of a file."""

    path: Path
    line: Line
    match: Annotated[
        Line | None, Field(description="a POSIX extended regular expression: the lines that it takes the place of")
    ] = None
    name: Annotated[Line | None, Field(description="what it is called in this app; not given: its match or itself")] = (
        None
    )
    present: Annotated[bool, Field(description="false: neither the line nor one that matches shall be there")] = True
    mode: Annotated[Mode, Field(description="of a file that is made")] = "0644"
    owner: Annotated[Account | None, Field(description="of a file that is made")] = None
    group: Annotated[Account | None, Field(description="of a file that is made")] = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.name and len(self.name) > 100:
            raise ValueError("write a short name, of at most 100 characters")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the line; its name is the file's path, and what tells it from other lines of the file."""
    short = spec.name or " ".join((spec.match or spec.line).split())[:_SHORT]
    state = {"state": "present" if spec.present else "absent", "path": spec.path, "line": spec.line}
    made = edits.creation(spec.mode, spec.owner, spec.group) if spec.present else {}
    attributes = {**state, **compare.optional(match=spec.match), **made}
    return Rendered(name=f"{spec.path}#{short}", attributes=attributes, shares=(spec.path,))


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print the lines of the file that are the line or match."""
    match = compare.managed(resource, "match")
    words = [quote_path(_path(resource)), quote(_line(resource)), *([quote(match)] if match else [])]
    return f"rcl_seen_line {' '.join(words)}"


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_seen_line`` printed."""
    lines = look.words(answer, edits.WORDS)
    found, there = edits.part(lines, _line(resource)), edits.kind_of_file(lines)
    if found is None and there == "file":
        return Absent()
    return Present({"type": there, "state": "absent" if found is None else "present", "line": found})


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; what is no file is a Conflict."""
    edits.refuse_what_is_no_file(resource, seen, _path(resource))
    return edits.difference(resource, seen, ("line",))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Put the line where it belongs, or take it away."""
    match, line = compare.managed(resource, "match"), _line(resource)
    if resource.attributes["state"] == "absent":
        return (EditFile(_path(resource), DropLine(line, match)),)
    mode = compare.managed(resource, "mode") or "0644"
    owner, group = compare.managed(resource, "owner"), compare.managed(resource, "group")
    return (EditFile(_path(resource), PutLine(line, match), mode, owner, group),)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Take the line away; another one that somebody has put in its place stays."""
    ours = isinstance(seen, Present) and seen.attributes["line"] is not None
    if not ours or resource.attributes["state"] == "absent":
        return ()
    return (EditFile(_path(resource), DropLine(_line(resource))),)


def _path(resource: Resource) -> str:
    return str(resource.attributes["path"])


def _line(resource: Resource) -> str:
    return str(resource.attributes["line"])


restart = no_process.restart
