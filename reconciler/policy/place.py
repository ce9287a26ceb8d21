"""Places in a JSON document: JSONPaths that lead to one value, such as ``$.data.records`` or ``$['a b'][0]``. Pure."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from reconciler.model.canonical import Json

Keys: TypeAlias = tuple[str | int, ...]

_STEP = re.compile(
    r"\.([A-Za-z_][A-Za-z0-9_-]*)"
    r"|\[([0-9]{1,9})\]"
    r"""|\['((?:[^'\\]|\\['\\])*)'\]"""
    r"""|\["((?:[^"\\]|\\["\\])*)"\]"""
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class NotThere(Exception):
    """There is nothing at a place."""


@lru_cache(maxsize=4096)
def keys(place: str) -> Keys:
    """Return the keys that lead to the place; raise ValueError with words for a person."""
    if not place.startswith("$"):
        raise ValueError(f"{place!r} is no place: write a JSONPath that starts with $, for example $.data.records")
    found: list[str | int] = []
    at = 1
    while at < len(place):
        step = _STEP.match(place, at)
        if step is None:
            raise ValueError(
                f"{place!r} does not lead to one value: after {place[:at]!r} only .name, ['name'] or [0] may follow"
            )
        name, index, quoted, double = step.groups()
        text = name if name is not None else quoted if quoted is not None else double
        found.append(int(index) if index is not None else re.sub(r"\\(.)", r"\1", text))
        at = step.end()
    return tuple(found)


def written(keys: Keys) -> str:
    """Return the place that the keys lead to, without ``$`` and a dot at its start: ``data.records[0]``."""
    return "".join(_word(key) for key in keys).removeprefix(".")


def of(text: str) -> Keys:
    """Return the keys for what ``written`` has written."""
    return keys("$" + text if text.startswith("[") else "$." + text)


def at(document: Json, place: str) -> Json:
    """Return what is at the place; raise NotThere."""
    return below(document, keys(place))


def below(document: Json, keys: Keys) -> Json:
    """Return what the keys lead to; raise NotThere."""
    for key in keys:
        match document, key:
            case Mapping(), str() if key in document:
                document = document[key]
            case ((list() | tuple()), int()) if key < len(document):
                document = document[key]
            case _:
                raise NotThere(f"there is nothing at {written(keys)}")
    return document


def pointer(keys: Keys) -> str:
    """Return the keys as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def put(document: Json, pointer: str, value: Json) -> Json:
    """Return the document with the value at a JSON pointer to something that is there; raise NotThere."""
    head, _, rest = pointer.removeprefix("/").partition("/")
    key = head.replace("~1", "/").replace("~0", "~")
    deeper = "/" + rest if "/" in pointer.removeprefix("/") else ""
    match document:
        case _ if not pointer:
            return value
        case Mapping() if key in document:
            return {**document, key: put(document[key], deeper, value)}
        case Sequence() if not isinstance(document, str) and key.isdecimal() and int(key) < len(document):
            place = int(key)
            return [put(each, deeper, value) if index == place else each for index, each in enumerate(document)]
        case _:
            raise NotThere(f"there is nothing at {pointer}")


def _word(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _PLAIN.fullmatch(key) else '["' + re.sub(r'(["\\])', r"\\\1", key) + '"]'
