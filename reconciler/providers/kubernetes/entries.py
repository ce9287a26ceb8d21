"""One object as it was last heard of, and what of it counts when it is asked whether it has changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.canonical import Digest, digest
from reconciler.policy.object_fields import comparable


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
    fields = {name: value for name, value in (managed.get("fieldsV1") or {}).items() if name != "f:status"}
    return str(managed.get("manager")), str(managed.get("operation")), fields
