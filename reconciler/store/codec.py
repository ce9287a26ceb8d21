"""Values of the model to JSON text and back. What is written is ``model.canonical.plain``; this is its inverse.

Pydantic cannot read these types: ``Json`` is a recursive alias, which it resolves for ever. The reader of each type is
made once. A field that is missing takes its default, a field that is unknown is passed over: so a journal written by a
version before or after this one can be read.
"""

import dataclasses
import json
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from reconciler.model.canonical import canonical, plain
from reconciler.model.identity import ResourceId, UnitId

T = TypeVar("T")
Reader = Callable[[Any], Any]


def encode(value: Any) -> str:
    """Return the JSON text of a value of the model."""
    return canonical(plain(value))


def decode(kind: type[T], text: str) -> T:
    """Read a value of the type back; ValueError when the text is not of that form."""
    read: Callable[[Any], T] = reader(cast(Any, kind))
    try:
        return read(json.loads(text))
    except (TypeError, AttributeError, LookupError, OverflowError, RecursionError) as error:
        # A row that was damaged may have anything in the place of a list, a number or a time.
        raise ValueError(f"the journal holds what is no {kind!r:.80}: {error}") from error


@cache
def reader(kind: Any) -> Reader:
    """Return the function that makes a value of the type out of parsed JSON."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        # Only Json has plain members; how deep its alias was resolved by then differs.
        return _same if str in arguments and bool in arguments else _union(arguments)
    if origin is Literal:
        return _literal(arguments)
    if origin is tuple:
        return _tuple(arguments[0])
    if origin in (dict, Mapping):
        return _mapping(*arguments)
    return _class(kind)


def _class(kind: Any) -> Reader:
    if kind in _CONVERSIONS:
        return _CONVERSIONS[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    raise TypeError(f"internal error: {kind} cannot be read back from the journal")


def _same(value: Any) -> Any:
    return value


def _dataclass(kind: Any) -> Reader:
    # The readers of the fields are found when the first value comes, not now: a type may contain itself.
    @cache
    def fields() -> tuple[tuple[str, Reader], ...]:
        hints = get_type_hints(kind)
        return tuple((field.name, reader(hints[field.name])) for field in dataclasses.fields(kind))

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(  # noqa: TRY004 - it is the text that is wrong, not a type of ours
                f"{kind.__name__} is not an object: {value!r:.80}"
            )
        given = {
            name: value[name] if convert is _same else convert(value[name])
            for name, convert in fields()
            if name in value
        }
        try:
            return kind(**given)
        except TypeError as error:
            raise ValueError(f"{kind.__name__} cannot be read: {error}") from error

    return read


def _union(members: Sequence[Any]) -> Reader:
    """Read ``X | None``, or one of several dataclasses told apart by a field that is a literal in each."""
    others = [member for member in members if member is not type(None)]
    if len(others) == 1:
        convert = reader(others[0])
        if convert is _same:
            return _same
        return lambda value: None if value is None else convert(value)
    by_tag: dict[str, Reader] = {}
    tag = _tag(others[0])
    for member in others:
        by_tag[get_args(get_type_hints(member)[tag])[0]] = reader(member)

    def read(value: Any) -> Any:
        if value is None and type(None) in members:
            return None
        try:
            return by_tag[value[tag]](value)
        except (KeyError, TypeError):
            raise ValueError(f"there is no known {tag} in {value!r:.80}") from None

    return read


def _tag(member: Any) -> str:
    hints = get_type_hints(member)
    return next(name for name, hint in hints.items() if get_origin(hint) is Literal and len(get_args(hint)) == 1)


def _literal(allowed: Sequence[Any]) -> Reader:
    def read(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"{value!r} is none of {allowed}")
        return value

    return read


def _tuple(item: Any) -> Reader:
    convert = reader(item)
    if convert is _same:
        return tuple
    return lambda value: tuple([convert(one) for one in value])


def _mapping(key: Any, item: Any) -> Reader:
    convert_key, convert = (_KEYS.get(key) or reader(key)), reader(item)
    return lambda value: {convert_key(name): convert(one) for name, one in value.items()}


_KEYS: dict[Any, Reader] = {UnitId: UnitId.parse, ResourceId: ResourceId.parse}

_CONVERSIONS: dict[Any, Reader] = {
    str: _same,
    int: _same,
    float: _same,
    bool: _same,
    datetime: datetime.fromisoformat,
    timedelta: lambda seconds: timedelta(seconds=seconds),
}
