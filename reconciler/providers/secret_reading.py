"""What every store of secrets is to the rest: something that is asked for a path, and the form of what it answers."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import yaml

from reconciler.model.canonical import Json
from reconciler.model.secret_store import Reference
from reconciler.ports.secrets import SecretMissing, SecretUnknown

LARGEST = 1024 * 1024
"""The most bytes that a value may have."""

Raw: TypeAlias = bytes | Mapping[str, Any]
"""A value as its store has it: bytes, or a mapping of which a key is one value."""


class StoreAway(SecretUnknown):
    """The store cannot be asked for anything now, whichever value it is."""


class Store(Protocol):
    """One place where values are. Errors never hold a value."""

    def read(self, path: str, version: str) -> Raw:
        """Return what is at the path now, or in that version where one is named; raise SecretMissing, SecretUnknown."""
        ...


def value_of(reference: Reference, raw: Raw) -> str:
    """Return the one text that the reference means; raise SecretMissing, SecretUnknown."""
    if reference.key:
        return _text(reference, _at(reference, raw if isinstance(raw, Mapping) else _mapping(reference, raw)))
    if isinstance(raw, bytes):
        return _decoded(reference, raw)
    if len(raw) != 1:
        some = "it has no key" if not raw else f"name one of its {len(raw)} keys"
        raise SecretMissing(f"{named(reference)} is no single value: {some}, such as {reference.path}#password")
    return _text(reference, next(iter(raw.values())))


def named(reference: Reference) -> str:
    """Return how a secret is called in messages."""
    version = f"@{reference.version}" if reference.version else ""
    key = f"#{reference.key}" if reference.key else ""
    return f"the secret {reference.store}:{reference.path}{version}{key}"


def versionless(store: str, version: str) -> None:
    """Raise SecretMissing where a version is asked of a store that keeps none."""
    if version:
        raise SecretMissing(f"the store {store} keeps no versions; leave out @{version}")


def bounded(what: str, data: bytes) -> bytes:
    """Return the data; raise SecretUnknown when it is larger than any value may be."""
    if len(data) > LARGEST:
        raise SecretUnknown(f"{what} has more than {LARGEST // 1024 // 1024} MiB, which is no secret")
    return data


def _decoded(reference: Reference, raw: bytes) -> str:
    try:
        return bounded(named(reference), raw).decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise SecretMissing(f"{named(reference)} is not text in UTF-8") from None


def _mapping(reference: Reference, raw: bytes) -> Mapping[str, Any]:
    """Read JSON, or else YAML; what the parser says is not told, for it quotes the text."""
    text = _decoded(reference, raw)
    try:
        read: Json = json.loads(text)
    except (ValueError, RecursionError):
        try:
            read = yaml.load(text, yaml.CSafeLoader)
        except (yaml.YAMLError, ValueError, RecursionError):
            read = None
    if not isinstance(read, dict):
        raise SecretMissing(f"{named(reference)}: what is there is no mapping in JSON or YAML, so it has no keys")
    return read


def _at(reference: Reference, mapping: Mapping[str, Any]) -> Any:
    """The entry by its name, or by the names of the mappings it is in, with dots between."""
    here: Any = mapping
    if reference.key in mapping:
        return mapping[reference.key]
    for part in reference.key.split("."):
        if not isinstance(here, Mapping) or part not in here:
            raise SecretMissing(f"{named(reference)}: there is no key {reference.key} in it")
        here = here[part]
    return here


def _text(reference: Reference, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SecretMissing(f"{named(reference)} is neither text nor a whole number")
    text = str(value)
    bounded(named(reference), text.encode(errors="surrogatepass"))
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SecretMissing(f"{named(reference)} is not text in UTF-8")
    return text
