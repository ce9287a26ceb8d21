"""Canonical JSON and digests: the one way two values are compared for being the same.

Digests are over canonical text and not over ``==`` because ``1 == True`` in Python.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeAlias, get_origin

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""A JSON value; treated as frozen everywhere."""

Digest: TypeAlias = str
"""``sha256:`` and 64 hex digits; ``keyed:`` and 64 hex digits where the content is secret."""


def canonical(value: Json) -> str:
    """Return the one text of a JSON value: keys sorted, no spaces, no NaN (ValueError)."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def same(one: Json, other: Json) -> bool:
    """Return whether two JSON values are the same; that is, whether their canonical texts are."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if one is None or other is None:
        return one is other
    return canonical(one) == canonical(other)


def digest(value: Json) -> Digest:
    """Return the digest of a JSON value's canonical text."""
    return digest_bytes(canonical(value).encode())


def digest_bytes(data: bytes) -> Digest:
    """Return ``sha256:<hex>`` of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def plain(value: Any) -> Json:
    """Return a value of the model as JSON: fields by name, durations in seconds, times as RFC 3339, keys as text."""
    kind = type(value)
    if kind in _AS_IT_IS:
        as_it_is: Json = value
        return as_it_is
    way = _WAYS.get(kind)
    if way is None:
        # What a type is like is found out once.
        way = _WAYS[kind] = _way(kind)
    return way(value)


def _way(kind: type) -> Callable[[Any], Json]:
    for kinds, way in _KINDS:
        if issubclass(kind, kinds):
            return way
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"internal error: {kind.__name__} has no JSON form")
    names = tuple(field.name for field in dataclasses.fields(kind))
    return lambda value: {name: plain(getattr(value, name)) for name in names}


def said(value: Any) -> Json:
    """Return a value of the model as ``plain`` does, without fields that say no more than their default.

    What is digested so stays the same when a later version of the program knows more fields.
    """
    if isinstance(value, tuple | list):
        return [said(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return plain(value)
    fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {field.name: said(its) for field, its in fields if _is_tag(field) or its != field.default}


def _is_tag(field: "dataclasses.Field[Any]") -> bool:
    """Whether the field tells values of a sort from those of others."""
    return get_origin(field.type) is Literal


_AS_IT_IS = frozenset({bool, int, float, str, type(None)})
_KINDS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Json]], ...] = (
    (str, str),
    ((int, float), lambda value: value),
    (datetime, datetime.isoformat),
    (date, date.isoformat),
    (timedelta, timedelta.total_seconds),
    (Mapping, lambda value: {str(key): plain(item) for key, item in value.items()}),
    ((tuple, list, frozenset), lambda value: [plain(item) for item in value]),
)
_WAYS: dict[type, Callable[[Any], Json]] = {}
