"""A setting of the kernel: the value that it has now, and the one that it gets at boot."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from reconciler.kinds import compare, edits, look, no_process
from reconciler.kinds.edits import Line
from reconciler.kinds.written import Path, Text, Written
from reconciler.model.change import Action
from reconciler.model.operation import DropLine, EditFile, MakeDirectory, Operation, PutLine, RemoveFile, RunCommand
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.shell import quote, quote_path

NAME = "sysctl"
TARGET = Sort.HOST
_LINES = ("live", *edits.WORDS)
_COMPARED = ("value", "line")
_SET = (
    '[ -e "$2" ] || { echo "this kernel has no such setting; is a module missing, or is this a container?"; exit 1; }; '
    '[ -w "$2" ] && printf "%s\\n" "$1" >"$2" || { echo "it cannot be set to $1; in a container it may be read-only"; '
    "exit 1; }"
)
_DIFFERS = '[ "$(tr -s " \\t\\n" "   " <"$2")" != "$1 " ]'


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+([./][A-Za-z0-9_:@-]+)+", name, re.ASCII):
        raise ValueError("write a setting as sysctl names it, for example net.ipv4.ip_forward")
    return name


class Spec(Written):
    """A setting of the kernel."""

    name: Annotated[Text, AfterValidator(_name)]
    value: Annotated[Line, AfterValidator(lambda text: " ".join(text.split()))]
    file: Annotated[
        Path | None, Field(description="where it is written for the next boot; not given: one of its own")
    ] = None


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the setting."""
    path = spec.file or _own_file(spec.name)
    line = f"{spec.name} = {spec.value}"
    attributes = {"value": spec.value, "path": path, "line": line}
    if spec.file is None:
        return Rendered(name=spec.name, attributes=attributes, claims=(path,))
    return Rendered(name=spec.name, attributes=attributes, shares=(path,))


def _own_file(name: str) -> str:
    return f"/etc/sysctl.d/90-reconciler-{name.replace('/', '-')}.conf"


def _kernel_path(name: str) -> str:
    """Where the kernel has it. As with sysctl, the sign that separates comes first; the other one is part of a name."""
    if name.partition("/")[0].count("."):
        name = name.translate(str.maketrans("./", "/."))
    return f"/proc/sys/{name}"


def _match(name: str) -> str:
    return rf"^[[:space:]]*-?{name.replace('.', '[./]')}[[:space:]]*="


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print the kernel's value and the line that is written down."""
    name, line = resource.id.name, str(resource.attributes["line"])
    seen = f"rcl_seen_line {quote_path(_path(resource))} {quote(line)} {quote(_match(name))}"
    return f"rcl_live {quote(_kernel_path(name))}\n{seen}"


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what was printed; Absent where neither the kernel nor the file knows it."""
    lines = look.words(answer, _LINES)
    line, there = edits.part(lines, str(resource.attributes["line"])), edits.kind_of_file(lines)
    live = look.text(lines["live"]).strip() if "live" in lines else None
    if line is None and live is None and there == "file":
        return Absent()
    return Present({"type": there, "value": live, "line": line})


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs. A setting that was not written down before is created, whatever the kernel's value is."""
    edits.refuse_what_is_no_file(resource, seen, _path(resource))
    found = compare.difference(resource, seen, _COMPARED)
    if found and isinstance(seen, Present) and seen.attributes["line"] is None:
        return Difference(action=Action.CREATE, fields=found.fields)
    return found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Write it down, and set it."""
    return tuple(_brought(resource, seen))


def _brought(resource: Resource, seen: Present | Absent) -> Iterator[Operation]:
    name, path, value = resource.id.name, _path(resource), str(resource.attributes["value"])
    if compare.fields(resource, seen, ("line",)):
        if path == _own_file(name):
            yield MakeDirectory(path.rpartition("/")[0], "0755")
        yield EditFile(path, PutLine(str(resource.attributes["line"]), _match(name)))
    if compare.fields(resource, seen, ("value",)):
        there = seen.attributes["value"] if isinstance(seen, Present) else None
        kernel = _kernel_path(name)
        undo = ("sh", "-c", _SET, "sh", there, kernel) if isinstance(there, str) else ()
        undo_if = ("sh", "-c", _DIFFERS, "sh", there, kernel) if isinstance(there, str) else ()
        yield RunCommand(what=f"set {name}", argv=("sh", "-c", _SET, "sh", value, kernel), undo=undo, undo_if=undo_if)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Take away what is written down; the kernel keeps the value until the next boot."""
    if not isinstance(seen, Present) or seen.attributes["line"] is None:
        return ()
    if _path(resource) == _own_file(resource.id.name):
        return (RemoveFile(_path(resource)),)
    return (EditFile(_path(resource), DropLine(str(resource.attributes["line"]))),)


def _path(resource: Resource) -> str:
    return str(resource.attributes["path"])


restart = no_process.restart
