"""Differences between two parsed documents, key path by key path.

Our own canonical text decides whether two values differ; DeepDiff only words how. Before it sees a tree, every leaf is
replaced by its canonical JSON text, so that ``1``, ``1.0`` and ``true`` are three different things to it as well.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.model.canonical import Json, canonical

Path: TypeAlias = tuple[str | int, ...]

MAX_NODES = 1000
MAX_DIFFERENCES = 60


class NotComparable(Exception):
    """The values cannot be worded key by key: too large, or not plain JSON."""


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no value at the path."""


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class ValueDiff:
    """A leaf, a list or an empty mapping that differs."""

    path: Path
    before: Json | Missing
    after: Json | Missing


def value_diffs(before: Json, after: Json) -> tuple[ValueDiff, ...]:
    """Return what differs, sorted by path; empty when the values are the same. Raises NotComparable."""
    for value in (before, after):
        _require_small_and_plain(value)
    if _text(before) == _text(after):
        return ()
    from deepdiff import DeepDiff  # noqa: PLC0415 - slow, and needed only where documents differ

    found = DeepDiff(_leaves_as_text(before), _leaves_as_text(after), view="tree", threshold_to_diff_deeper=0)
    diffs = [diff for levels in found.values() for level in levels for diff in _worded(level)]
    if not diffs or len(diffs) > MAX_DIFFERENCES:
        raise NotComparable(f"{len(diffs)} differences")
    return tuple(sorted(diffs, key=lambda diff: [(isinstance(key, str), key) for key in diff.path]))


def _text(value: Json) -> str:
    text = canonical(value)
    if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
        raise NotComparable("half a character")
    return text


def dotted(path: Path) -> str:
    """Return the path as text: ``server.ports[0]``; keys that would be misread are quoted."""
    words = [_key(key) for key in path]
    return "".join(words).removeprefix(".")


def _key(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    plain = key != "" and all(char.isalnum() or char in "_-/" for char in key)
    return f".{key}" if plain else f".{json.dumps(key, ensure_ascii=False)}"


def _require_small_and_plain(value: Json) -> None:
    """Count without recursion: a tree that shares branches (YAML aliases) can be far larger than its text."""
    waiting: list[Any] = [value]
    nodes = 0
    while waiting:
        nodes += 1
        if nodes > MAX_NODES:
            raise NotComparable(f"more than {MAX_NODES} values")
        match waiting.pop():
            case dict() as mapping:
                if not all(isinstance(key, str) for key in mapping):
                    raise NotComparable("a key that is not a text")
                waiting.extend(mapping.values())
            case list() as items:
                waiting.extend(items)
            case float() as number if not math.isfinite(number):
                raise NotComparable("a number that JSON does not have")
            case None | bool() | int() | float() | str():
                pass
            case other:
                raise NotComparable(f"a value of type {type(other).__name__}")


def _leaves_as_text(value: Json) -> Any:
    match value:
        case Mapping():
            return {key: _leaves_as_text(item) for key, item in value.items()}
        case Sequence() if not isinstance(value, str):
            return [_leaves_as_text(item) for item in value]
        case _:
            return canonical(value)


def _from_text(value: Any) -> Json | Missing:
    from deepdiff.helper import NotPresent  # noqa: PLC0415 - see above

    match value:
        case NotPresent():
            return MISSING
        case dict():
            return {key: _json(item) for key, item in value.items()}
        case list():
            return [_json(item) for item in value]
        case _:
            leaf: Json = json.loads(value)
            return leaf


def _json(value: Any) -> Json:
    plain = _from_text(value)
    assert not isinstance(plain, Missing)
    return plain


def _worded(level: Any) -> Iterator[ValueDiff]:
    before, after = _from_text(level.t1), _from_text(level.t2)
    path = tuple(level.path(output_format="list", use_t2=before is MISSING))
    if before is MISSING:
        yield from (ValueDiff((*path, *rest), MISSING, leaf) for rest, leaf in _leaves(after))
    elif after is MISSING:
        yield from (ValueDiff((*path, *rest), leaf, MISSING) for rest, leaf in _leaves(before))
    else:
        yield ValueDiff(path, before, after)


def _leaves(value: Json | Missing) -> Iterator[tuple[Path, Json | Missing]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from (((key, *rest), leaf) for rest, leaf in _leaves(item))
    else:
        yield (), value
