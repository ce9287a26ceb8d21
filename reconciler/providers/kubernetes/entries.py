"""One object as it was last heard of, and what of it counts when it is asked whether it has changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.canonical import Digest, digest
from reconciler.policy.object_fields import NOT_COMPARED, comparable


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """``key`` is the same for two versions of which only the status differs, or what else only the server writes."""

    object: Mapping[str, Any]
    version: int
    uid: str
    key: Digest


def entry(item: Mapping[str, Any]) -> Entry:
    """Return the entry of an object as the API server says it; who manages its fields is kept as a digest only."""
    metadata = item["metadata"]
    owners = [_owner(each) for each in metadata.get("managedFields") or ()]
    key = digest([comparable(item), [each for each in owners if each[2]], metadata.get("deletionTimestamp")])
    rest = {name: value for name, value in metadata.items() if name != "managedFields"}
    version = str(metadata.get("resourceVersion", ""))
    return Entry({**item, "metadata": rest}, int(version) if version.isdigit() else 0, metadata.get("uid", ""), key)


def _owner(managed: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]]:
    return str(managed.get("manager")), str(managed.get("operation")), _without_noise(managed.get("fieldsV1") or {})


def _without_noise(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields without those that are not compared, and without what then has nothing below it."""
    found: dict[str, Any] = {}
    for name, below in fields.items():
        if name not in _NOISE and not (below and not (rest := _without_noise(below))):
            found[name] = rest if below else below
    return {} if found.keys() == {"."} else found


_NOISE = frozenset(("f:status", *(f"f:{name}" for name in NOT_COMPARED)))
