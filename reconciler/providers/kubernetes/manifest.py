"""The manifest that is sent: the planned text with secrets, our labels, and what it shall leave as it is. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.canonical import Digest
from reconciler.model.cluster import ApplyObject, ObjectName
from reconciler.model.content import SECRET_OPEN, Content
from reconciler.policy.object_fields import as_it_is, changed, with_labels
from reconciler.ports.reads import ReadObject
from reconciler.ports.secrets import Secrets
from reconciler.providers import secret_json

STAMP = "reconciler/restarted-for"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An object to apply. ``marked`` are the paths of fields that have secrets in them, ``secrets`` those secrets."""

    object: Mapping[str, Any] = field(repr=False)
    marked: frozenset[str]
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an ApplyObject and a ReadObject say of the manifest."""

    name: ObjectName
    content: Content
    unit: str
    as_is: tuple[str, ...]
    stamp: str

    @staticmethod
    def of(said: ApplyObject | ReadObject, content: Content) -> "Wanted":
        """Take it from either."""
        return Wanted(name=said.object, content=content, unit=said.unit, as_is=said.as_is, stamp=said.stamp)


def prepared(wanted: Wanted, blobs: Mapping[Digest, bytes], secrets: Secrets) -> Manifest:
    """Return the manifest with secrets, labels and stamp; raise Refused when it is not as planned."""
    what = f"the manifest of {wanted.name}"
    body = secret_json.body(what, wanted.content, _JSON, blobs, secrets)
    values = frozenset(secret_json.values_of(what, wanted.content.secrets, secrets).values())
    item = with_labels(json.loads(body), wanted.unit)
    if wanted.stamp:
        item = _stamped(item, wanted.stamp)
    return Manifest(item, _marked(blobs[wanted.content.blob]) if wanted.content.secret else frozenset(), values)


def settled(manifest: Manifest, wanted: Wanted, live: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the object to send: fields that are not ours to say are as they are there."""
    return as_it_is(manifest.object, live or {}, wanted.as_is)


def _marked(text: bytes) -> frozenset[str]:
    found: set[str] = set()

    def note(path: str, value: Any) -> Any:
        if any(
            isinstance(each, str) and SECRET_OPEN in each for each in (value if isinstance(value, list) else [value])
        ):
            found.add(path)
        return value

    changed(json.loads(text), note)
    return frozenset(found)


def _stamped(item: dict[str, Any], stamp: str) -> dict[str, Any]:
    spec = item.get("spec") or {}
    template = spec.get("template") or {}
    metadata = template.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), STAMP: stamp}
    stamped = {**template, "metadata": {**metadata, "annotations": annotations}}
    return {**item, "spec": {**spec, "template": stamped}}
