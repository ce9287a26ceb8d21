"""Canonical JSON and digests: the one way two values are compared for being the same.

Digests are over canonical text and not over ``==`` because ``1 == True`` in Python.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

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
    return canonical(one) == canonical(other)


def digest(value: Json) -> Digest:
    """Return the digest of a JSON value's canonical text."""
    return digest_bytes(canonical(value).encode())


def digest_bytes(data: bytes) -> Digest:
    """Return ``sha256:<hex>`` of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def plain(value: Any) -> Json:
    """Return a value of the model as JSON: fields by name, durations in seconds, times as RFC 3339, keys as text."""
    match value:
        case bool() | int() | float() | str() | None:
            return value if value is None or isinstance(value, bool | int | float) else str(value)
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() | list() | frozenset():
            return [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            raise TypeError(f"internal error: {type(value).__name__} has no JSON form")
