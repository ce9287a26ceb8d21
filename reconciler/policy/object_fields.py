"""Objects of Kubernetes field by field: what fields are called, which are compared, how we mark what is ours. Pure.

A field is called by its dotted path; an item of a list by its name, or by its number where items have none:
``spec.template.spec.containers.web.image``.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reconciler.model.canonical import Json, canonical, digest_bytes

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = "reconciler"
UNIT = "reconciler/unit"
LONGEST = 4096
"""A text with more characters is compared by its digest."""

_NOT_COMPARED = frozenset(
    ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink", "deletionTimestamp")
)
NOT_COMPARED = frozenset(("kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"))
"""Annotations that others write for themselves."""

_BY_DIGEST = frozenset(("openAPIV3Schema", "caBundle"))
_LABEL_LENGTH = 63


def labels(unit: str) -> dict[str, str]:
    """Return the labels by which the objects of a unit (``shop@production``) are known to be ours."""
    return {MANAGED_BY: OURS, UNIT: _label(unit)}


def _label(unit: str) -> str:
    """A label holds no ``@``, and 63 characters at most; a name that is longer ends with a digest of all of it."""
    value = unit.replace("@", ".")
    if len(value) <= _LABEL_LENGTH:
        return value
    tail = hashlib.sha256(unit.encode()).hexdigest()[:12]
    return f"{value[: _LABEL_LENGTH - 13].rstrip('.-_')}-{tail}"


def is_ours(item: Mapping[str, Any], unit: str) -> bool:
    """Whether the object has the labels of the unit."""
    found = item.get("metadata", {}).get("labels") or {}
    return all(found.get(key) == value for key, value in labels(unit).items())


def with_labels(item: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """Return the object with the labels of the unit."""
    metadata = item.get("metadata", {})
    return {**item, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **labels(unit)}}}


def comparable(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object without what only the server writes: its status, versions and times."""
    metadata = {key: value for key, value in item.get("metadata", {}).items() if key not in _NOT_COMPARED}
    annotations = metadata.get("annotations")
    if annotations and not NOT_COMPARED.isdisjoint(annotations):
        kept = {key: value for key, value in annotations.items() if key not in NOT_COMPARED}
        metadata = {key: value for key, value in metadata.items() if key != "annotations"}
        metadata |= {"annotations": kept} if kept else {}
    rest = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": metadata}


def leaves(item: Mapping[str, Any]) -> dict[str, Json]:
    """Return every field that has no fields below it, by its path. Nulls are no fields."""
    return dict(_leaves(item, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Json]]:
    below = list(_below(value)) if path.rpartition(".")[2] not in _BY_DIGEST else []
    if not below:
        if value is not None:
            yield path, _leaf(value)
        return
    for key, each in below:
        yield from _leaves(each, f"{path}.{key}" if path else key)


def _leaf(value: Any) -> Json:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else digest_bytes(value.encode())
    if isinstance(value, dict | list) and value:
        text = canonical(value)
        return value if isinstance(value, list) and len(text) <= LONGEST else digest_bytes(text.encode())
    leaf: Json = value
    return leaf


def _below(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields or items below a value, by what they are called; nothing for what is a value as a whole."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        yield from zip(_names(value), value, strict=True)


def _names(items: Sequence[Mapping[str, Any]]) -> list[str]:
    names = [each.get("name") for each in items]
    if all(isinstance(each, str) and each for each in names) and len(set(names)) == len(names):
        return [str(each) for each in names]
    return [str(index) for index in range(len(items))]


def changed(value: Any, change: Callable[[str, Any], Any], path: str = "") -> Any:
    """Return the value with every leaf replaced by what ``change`` makes of its path and itself."""
    if isinstance(value, dict) and value:
        return {key: changed(each, change, f"{path}.{key}" if path else key) for key, each in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        below = zip(_names(value), value, strict=True)
        return [changed(each, change, f"{path}.{name}") for name, each in below]
    return change(path, value)


def hidden(item: Mapping[str, Any], marked: frozenset[str], keyed: Callable[[str], str]) -> dict[str, Any]:
    """Return the object with keyed digests in place of what is secret.

    That is what a Secret holds, and every field in ``marked``, whatever is below it.
    """
    of_secret = item.get("apiVersion") == "v1" and item.get("kind") == "Secret"

    def hide(path: str, value: Any) -> Any:
        if of_secret and path.startswith("data."):
            return keyed(digest_bytes(_decoded(value)))
        if (of_secret and path.startswith("stringData.")) or any(
            path == each or path.startswith(f"{each}.") for each in marked
        ):
            return keyed(digest_bytes(value.encode() if isinstance(value, str) else canonical(value).encode()))
        return value

    found: dict[str, Any] = changed(item, hide)
    return found


def _decoded(value: Any) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error:
        return str(value).encode()


def as_it_is(item: Mapping[str, Any], live: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, Any]:
    """Return the object with what is there in place of every field that one of the patterns names.

    A field that is not there is left out; while there is no object at all, nothing is. An item of a list gets those
    that it does not name: who applies a list may have to apply all of it.
    """
    if not patterns or not live:
        return dict(item)
    there = dict(_raw(live, ""))
    named = {path: value for path, value in there.items() if any(fnmatchcase(path, each) for each in patterns)}

    def settle(path: str, value: Any) -> Any:
        if any(fnmatchcase(path, pattern) for pattern in patterns):
            return there.get(path, _GONE)
        return value

    found: dict[str, Any] = _without_gone(changed(item, settle))
    return {key: _completed(each, key, named) for key, each in found.items()}


def _completed(value: Any, path: str, named: Mapping[str, Any]) -> Any:
    """The value, in which the items of lists have the named fields that they lack."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        below = zip(_names(value), value, strict=True)
        return [_with_named(_completed(each, f"{path}.{name}", named), f"{path}.{name}", named) for name, each in below]
    if isinstance(value, dict):
        return {key: _completed(each, f"{path}.{key}", named) for key, each in value.items()}
    return value


def _with_named(item: Mapping[str, Any], path: str, named: Mapping[str, Any]) -> dict[str, Any]:
    parts = ((name.rpartition("."), value) for name, value in named.items())
    return {**{key: value for (above, _, key), value in parts if above == path}, **item}


def _raw(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    below = list(_below(value))
    if not below:
        yield path, value
    for key, each in below:
        yield from _raw(each, f"{path}.{key}" if path else key)


_GONE = object()


def _without_gone(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_gone(each) for key, each in value.items() if each is not _GONE}
    if isinstance(value, list):
        return [_without_gone(each) for each in value]
    return value


_SELECTOR = re.compile(r"\[([^\]]*)\]")
_NAMED = re.compile(r'(?:^|,)name="([^"]*)"')


def path_of(managed: str) -> str:
    """Return our path of a field as the API server calls it in a conflict (``.spec.x[name="web"].image``)."""
    return _SELECTOR.sub(lambda found: "." + _selected(found[1]), managed).lstrip(".")


def _selected(text: str) -> str:
    named = _NAMED.search(text)
    if named:
        return named[1]
    return text.partition(",")[0].partition("=")[2].strip('"') or text.strip('="')
