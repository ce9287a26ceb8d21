"""Canonical JSON and digests: the one way two values are compared for being the same.

Digests are over canonical text and not over ``==`` because ``1 == True`` in Python.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""A JSON value; treated as frozen everywhere."""

Digest: TypeAlias = str
"""``sha256:`` and 64 hex digits; ``keyed:`` and 64 hex digits where the content is secret."""


def canonical(value: Json) -> str:
    """Return the one text of a JSON value: keys sorted, no spaces, no NaN (ValueError)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Json) -> Digest:
    """Return the digest of a JSON value's canonical text."""
    return digest_bytes(canonical(value).encode())


def digest_bytes(data: bytes) -> Digest:
    """Return ``sha256:<hex>`` of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
