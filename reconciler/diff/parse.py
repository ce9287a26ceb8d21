"""Reads JSON, YAML and TOML contents so that they can be compared by value; gives up rather than guesses.

A parser that forgives (duplicate keys, ``yes`` for true) would call two different files the same. So everything
on which readers disagree is read as text here or not read at all.
"""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import yaml

from reconciler.model.canonical import Json

MAX_BYTES = 64 * 1024
MAX_DEPTH = 40


class NotParsed(Exception):
    """The content is not a document of its format, or too large or too deep to be read for a comparison."""


def parse(data: bytes, name: str) -> Json:
    """Return the value of a file's content by the suffix of its name; raises NotParsed."""
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    if reader is None or len(data) > MAX_BYTES:
        raise NotParsed
    try:
        return reader(data.decode())
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise NotParsed from error


def _json(text: str) -> Json:
    value: Json = json.loads(text, object_pairs_hook=_without_duplicates)
    return value


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _toml(text: str) -> Json:
    value: Json = tomllib.loads(text)
    return value


def _yaml(text: str) -> Json:
    # The depth comes first: the C loader recurses on the C stack, and a deep enough document ends the process.
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError("too deep")
        if getattr(event, "tag", None) is not None:
            raise ValueError("a tag: what it makes of a value differs from reader to reader")
    documents: list[Json] = list(yaml.load_all(text, _Loader))
    return documents[0] if len(documents) == 1 else documents


_SCALARS = {
    "null": (r"~|null|", ["~", "n", ""]),
    "bool": (r"true|false", ["t", "f"]),
    "int": (r"0|-?[1-9][0-9]*", list("-0123456789")),
    "float": (r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
}


class _Loader(yaml.CSafeLoader):
    """The safe loader, with those scalars of YAML that everybody reads alike; the rest are texts.

    So is ``<<``: not everybody merges, and merging can make a tree of any size out of a short text.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [(key.tag, key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) != len(keys):
            raise ValueError("a key is there twice")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"))
        for tag, (pattern, firsts) in _SCALARS.items()
        if first in firsts
    ]
    for first in {first for _, firsts in _SCALARS.values() for first in firsts}
}

_READERS: dict[str, Callable[[str], Json]] = {".json": _json, ".yaml": _yaml, ".yml": _yaml, ".toml": _toml}
