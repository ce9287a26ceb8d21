"""The words of documents about Docker that several kinds share, and paths of the Engine's API."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, BeforeValidator, Field

from reconciler.kinds.written import Text
from reconciler.model.duration import parse_duration
from reconciler.model.resource import Present, Resource

SPEC = "reconciler/spec"
"""The label of what we made: a digest of what it was made from."""

_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}", name):
        raise ValueError(
            "a name has letters, digits and _ . - only, starts with a letter or digit, and has two at least"
        )
    if name.endswith((".new", ".previous")):
        raise ValueError("names that end with .new or .previous are for what is being replaced; take another one")
    return name


def _size(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = re.fullmatch(r"([0-9]+) ?(B|KiB|MiB|GiB|TiB)", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("write a size such as 256MiB or 1GiB")
    return int(found[1]) * _UNITS[found[2]]


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError("write a duration such as 500ms, 30s or 5m")  # noqa: TRY004 - a problem of the document
    return parse_duration(value)


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise ValueError(
            "write an image as name:tag or name@sha256:DIGEST, for example registry.example/shop@sha256:..."
        )
    return text


_REFERENCE = re.compile(
    r"(?P<name>[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]+(?=/))?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*)"
    r"(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)

Name = Annotated[Text, AfterValidator(_name)]
"""A name of a container, a network or a volume."""

Size = Annotated[
    int, BeforeValidator(_size), Field(json_schema_extra={"type": ["integer", "string"]}, description="such as 256MiB")
]
"""A number of bytes."""

Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    Field(json_schema_extra={"type": "string", "pattern": r"^(\d+(d|h|ms|m|s))+$"}, description="such as 30s"),
]
"""How long something takes."""

Reference = Annotated[Text, AfterValidator(_reference)]
"""An image, by name and tag, or by name and digest."""

Labels = Annotated[dict[str, str], Field(description="labels; those of others stay")]
"""Labels that we set."""


def digest_of(reference: str) -> str | None:
    """Return the digest in the name of an image, None when it has none."""
    found = _REFERENCE.fullmatch(reference)
    return found["digest"] if found else None


def by_digest(reference: str) -> str:
    """Return how an image is asked for: a tag counts for nothing beside a digest."""
    found = _REFERENCE.fullmatch(reference)
    if not found:
        raise ValueError(f"{reference!r} is not the name of an image")
    if found["digest"]:
        return f"{found['name']}@{found['digest']}"
    return f"{found['name']}:{found['tag'] or 'latest'}"


def path(*parts: str) -> str:
    """Return a path of the API, each part quoted."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def image_path(reference: str) -> str:
    """Return the path of an image; the engine wants its slashes as they are."""
    return f"/images/{quote(by_digest(reference), safe='/:@')}/json"


def one(answer: Sequence[str], place: int = 0) -> dict[str, Any] | None:
    """Return what was said in one of the lines, None when that is not there; raise ValueError."""
    if len(answer) <= place:
        raise ValueError("the engine's answer was cut off")
    if not answer[place]:
        return None
    said = json.loads(answer[place])
    if not isinstance(said, dict):
        raise ValueError("the engine's answer is not an object")  # noqa: TRY004
    return said


def text(resource: Resource, name: str) -> str:
    """Return an attribute that is a text."""
    return str(resource.attributes[name])


def status(seen: object, name: str) -> Any:
    """Return what something said of itself, None when nothing was said."""
    return seen.status.get(name) if isinstance(seen, Present) else None
