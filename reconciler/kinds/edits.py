"""What kinds share that own a part of a file and leave the rest alone."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator

from reconciler.kinds import compare, look
from reconciler.kinds.written import Text
from reconciler.model.canonical import Json
from reconciler.model.change import Action
from reconciler.model.resource import Absent, Present, Resource
from reconciler.ports.kind import Conflict, Difference

WORDS = ("absent", "other", "missing", "same", "part", "hidden")
"""The first words of the lines that ``rcl_seen_line`` and ``rcl_seen_block`` print."""

HIDDEN = "(another one, not shown: not everybody on the host may read the file)"

_OTHERS = {"4": "directory", "a": "symlink"}


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("must be one line")
    return text


Line = Annotated[Text, AfterValidator(_one_line)]
"""A text that is one line and not empty."""


def part(lines: Mapping[str, str], wanted: str) -> str | None:
    """Return the part of the file that was seen, None where there is none; ValueError for an answer without sense.

    Something that is no file raises Conflict only later: it comes back as the word ``other`` and what it is.
    """
    said = [word for word in WORDS if word in lines]
    if len(said) != 1:
        raise ValueError("the probe did not say what is in the file")
    match said[0]:
        case "same":
            return wanted
        case "part":
            return look.text(lines["part"]).removesuffix("\n")
        case "hidden":
            return HIDDEN
        case _:
            return None


def kind_of_file(lines: Mapping[str, str]) -> str:
    """Return what is at the path: a file, unless the probe said that it is something else."""
    mode = lines.get("other")
    return "file" if mode is None else _OTHERS.get(mode[:1], "special file")


def refuse_what_is_no_file(resource: Resource, seen: Present | Absent, path: str) -> None:
    """Raise Conflict where something else is in the place of the file."""
    there = seen.attributes["type"] if isinstance(seen, Present) else "file"
    if there == "symlink":
        raise Conflict(f"{path} is a link on {resource.id.target}; name the file that it points to")
    if there != "file":
        raise compare.in_the_way(resource, path, there, "file")


def difference(resource: Resource, seen: Present | Absent, names: Sequence[str]) -> Difference | None:
    """Return what differs in the named attributes; or that the thing is there though it shall not be."""
    if resource.attributes["state"] == "absent":
        gone = isinstance(seen, Absent)
        return None if gone else Difference(action=Action.UPDATE, fields=compare.fields(resource, seen, ("state",)))
    return compare.difference(resource, seen, names)


def creation(mode: str | None, owner: str | None, group: str | None) -> dict[str, Json]:
    """Return the attributes that count when the file is made."""
    return {**compare.optional(mode=mode, owner=owner, group=group)}
