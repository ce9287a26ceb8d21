"""Several lines of a file between two marks of ours; the rest of the file is somebody else's."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import compare, edits, look, no_process
from reconciler.kinds.edits import Line
from reconciler.kinds.written import Account, Mode, Path, Text, Written, one_of
from reconciler.model.operation import DropBlock, EditFile, Operation, PutBlock
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import SHOWN_AT_MOST, Difference, InputError, Inputs, Rendered
from reconciler.ports.shell import quote, quote_path

NAME = "block"
TARGET = Sort.HOST


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}", name, re.ASCII) or name.endswith(" "):
        raise ValueError("write a short name of letters, digits, spaces and . _ -")
    return name


class Spec(Written):
    """A block of lines in a file."""

    path: Path
    name: Annotated[Text, AfterValidator(_name)]
    text: Annotated[str | None, Field(description="the lines themselves")] = None
    source: Annotated[Text | None, Field(description="a file in the repository that holds the lines")] = None
    comment: Annotated[Line, Field(description="how a comment of the file begins")] = "#"
    present: Annotated[bool, Field(description="false: the block shall not be there")] = True
    mode: Annotated[Mode, Field(description="of a file that is made")] = "0644"
    owner: Annotated[Account | None, Field(description="of a file that is made")] = None
    group: Annotated[Account | None, Field(description="of a file that is made")] = None

    @model_validator(mode="after")
    def _one_text(self) -> Self:
        one_of({"text": self.text, "source": self.source}, at_least=1 if self.present else 0)
        if not self.present and (self.text is not None or self.source is not None):
            raise ValueError("present: false goes with path, name and comment only")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the block with its text, which ends with a newline or is empty; raise InputError."""
    marks = {which: f"{spec.comment} {which.upper()} reconciler {spec.name}" for which in ("begin", "end")}
    attributes = {"state": "present" if spec.present else "absent", "path": spec.path, **marks}
    if spec.present:
        attributes["text"] = _text(spec, inputs, tuple(marks.values()))
    made = edits.creation(spec.mode, spec.owner, spec.group) if spec.present else {}
    return Rendered(name=f"{spec.path}#{spec.name}", attributes={**attributes, **made}, shares=(spec.path,))


def _text(spec: Spec, inputs: Inputs, marks: tuple[str, ...]) -> str:
    where = "text" if spec.source is None else "source"
    try:
        text = spec.text or "" if spec.source is None else inputs.data(spec.source).decode()
    except UnicodeDecodeError:
        raise InputError(where, f"{spec.source} is no text in UTF-8") from None
    if "\0" in text or len(text.encode()) > SHOWN_AT_MOST:
        raise InputError(where, f"a block is a text of at most {SHOWN_AT_MOST // 1024} KiB without NUL characters")
    if any(line in marks for line in text.split("\n")):
        raise InputError(where, "the text holds one of the marks that are put around it")
    return text if not text or text.endswith("\n") else text + "\n"


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print what is between the marks."""
    words = (quote(word) for word in (*_marks(resource), compare.managed(resource, "text") or ""))
    return f"rcl_seen_block {quote_path(_path(resource))} {' '.join(words)}"


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_seen_block`` printed."""
    lines = look.words(answer, edits.WORDS)
    begin, end = _marks(resource)
    wanted = f"{begin}\n{compare.managed(resource, 'text') or ''}{end}"
    found, there = edits.part(lines, wanted), edits.kind_of_file(lines)
    if found is None:
        return Absent() if there == "file" else Present({"type": there, "state": "absent", "text": None})
    return Present({"type": there, "state": "present", "text": _inside(found, begin, end)})


def _inside(found: str, begin: str, end: str) -> str:
    """What is between the marks; all of it where they are not just one pair, so that it differs from every text."""
    inner = found.removeprefix(begin + "\n").removesuffix(end)
    whole = found.startswith(begin + "\n") and found.endswith(end) and (not inner or inner.endswith("\n"))
    return inner if whole and begin not in inner.split("\n") and end not in inner.split("\n") else found


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; what is no file is a Conflict."""
    edits.refuse_what_is_no_file(resource, seen, _path(resource))
    return edits.difference(resource, seen, ("text",))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Put the block in its place, or take it away."""
    begin, end = _marks(resource)
    if resource.attributes["state"] == "absent":
        return (EditFile(_path(resource), DropBlock(begin, end)),)
    mode, text = compare.managed(resource, "mode") or "0644", compare.managed(resource, "text") or ""
    owner, group = compare.managed(resource, "owner"), compare.managed(resource, "group")
    return (EditFile(_path(resource), PutBlock(begin, end, text), mode, owner, group),)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Take the block away, whatever is between its marks by now: they say whose it is."""
    there = isinstance(seen, Present) and seen.attributes["state"] == "present"
    if not there or resource.attributes["state"] == "absent":
        return ()
    return (EditFile(_path(resource), DropBlock(*_marks(resource))),)


def _path(resource: Resource) -> str:
    return str(resource.attributes["path"])


def _marks(resource: Resource) -> tuple[str, str]:
    return str(resource.attributes["begin"]), str(resource.attributes["end"])


restart = no_process.restart
