"""Objects of a Kubernetes cluster: any kind, applied by server-side apply.

What is compared is what the API server says: the object as it is, and as it would be once the manifest was applied. So
what the server fills in or writes in another way (``1000m`` and ``1``) is no difference.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from reconciler.kinds import kubernetes_health as health
from reconciler.kinds import kubernetes_waves as waves
from reconciler.kinds import no_process
from reconciler.kinds.kubernetes_manifests import Object, objects
from reconciler.kinds.kubernetes_objects import attributes, object_of
from reconciler.kinds.kubernetes_spec import Spec as Spec
from reconciler.model.canonical import Json, digest, same
from reconciler.model.change import Action, FieldDiff
from reconciler.model.cluster import ApplyObject, DeleteObject
from reconciler.model.content import SECRET_OPEN
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.model.traffic import TRAFFIC_MANAGER
from reconciler.policy import object_fields as fields_of
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered
from reconciler.ports.reads import ReadObject

NAME = "kubernetes"
TARGET = Sort.KUBERNETES_CLUSTER

RECREATE = "metadata.annotations.reconciler/recreate"
"""The field that lets an object be deleted and made anew where a field cannot be changed."""

_CRD = "CustomResourceDefinition"
# Names with a space are no fields of any object.
_REFUSED, _SET_BY, _WOULD_BE = "refused by the API", "set by", "would be"
_NOT_FIELDS = frozenset((_REFUSED, _SET_BY, _WOULD_BE))


def render(spec: Spec, inputs: Inputs) -> Sequence[Rendered]:
    """Return the objects that the text stands for; raise InputError."""
    return [_rendered(each, spec, inputs) for each in objects(spec, inputs)]


def _rendered(found: Object, spec: Spec, inputs: Inputs) -> Rendered:
    check = health.check(found, spec)
    return Rendered(
        name=str(found.name),
        attributes={
            **_asked(found, spec, inputs),
            **attributes(found.name),
            **waves.attributes(found.turn),
            "manifest": found.content.digest,
        },
        contents={"manifest": found.content},
        restart_on=spec.restart_on if found.manifest.has_pods else (),
        health=(check,) if check else (),
    )


def _asked(found: Object, spec: Spec, inputs: Inputs) -> dict[str, Json]:
    """The fields of the manifest, those that are secret by their digests."""
    of_secret = found.manifest.sort == "Secret"
    result: dict[str, Json] = {}
    for path, value in fields_of.leaves(found.manifest.data).items():
        if path in ("apiVersion", "kind", "metadata.name", "metadata.namespace") or path.startswith("status."):
            continue
        marked = isinstance(value, str) and SECRET_OPEN in value
        secret = marked or (of_secret and path.startswith(("data.", "stringData.")))
        result[path] = inputs.text(str(value), spec.secrets).digest if secret else value
    return result


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place in the order of the objects on a cluster."""
    return waves.wave(resource)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> ReadObject:
    """Read the object, and what it would be."""
    return ReadObject(
        object=object_of(resource),
        manifest=resource.contents["manifest"],
        unit=str(resource.id.unit),
        force=resource.adopt,
        as_is=resource.ignore,
        stamp=_stamp(resource, siblings),
    )


def _stamp(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """A digest of what the resource is restarted for, as it shall be; nothing where that is nothing."""
    causes = {ref: siblings[ref].digest for ref in resource.restart_on if ref in siblings}
    return digest(causes) if causes else ""


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what the API server says of the object; what differs in nothing counts as being as it was asked for."""
    live, would, conflicts, refused = (json.loads(line) if line else None for line in answer)
    if live is None:
        return Absent()
    if not isinstance(live, dict) or not isinstance(would, dict | None):
        raise ValueError("an object of the cluster is no JSON object")  # noqa: TRY004 - what a kind's answer raises
    there = fields_of.leaves(fields_of.comparable(live))
    after = {**there, **_labels(resource)} if would is None else fields_of.leaves(fields_of.comparable(would))
    found: dict[str, Json] = {}
    for path, wanted in resource.attributes.items():
        is_field = path not in _KNOWN_OTHERWISE
        if path == waves.FINISHED:
            found[path] = health.has_completed(live)
        elif not is_field or (would is not None and same(there.get(path), after.get(path))):
            found[path] = wanted
        elif path in there:
            found[path] = there[path]
    others = {path for path in {*there, *after} - {*resource.attributes} if not same(there.get(path), after.get(path))}
    found |= {path: there.get(path) for path in sorted(others)}
    notes: dict[str, Json] = {
        _WOULD_BE: {path: after.get(path) for path in sorted(others)},
        _SET_BY: _managers(conflicts or ()),
        _REFUSED: {each["field"]: each["message"] for each in refused or ()},
    }
    return Present(found | {name: note for name, note in notes.items() if note}, status=_status(live))


def _labels(resource: Resource) -> dict[str, Json]:
    return {f"metadata.labels.{key}": value for key, value in fields_of.labels(str(resource.id.unit)).items()}


_KNOWN_OTHERWISE = frozenset(("apiVersion", "kind", "namespace", "name", "wave", "hook", "manifest", waves.FINISHED))


def _managers(conflicts: Sequence[Mapping[str, str]]) -> dict[str, Json]:
    return {fields_of.path_of(each["field"]): each["manager"] for each in conflicts}


def _status(live: Mapping[str, Any]) -> dict[str, Json]:
    """What an object says of itself, as far as it is short."""
    said = live.get("status")
    status = said if isinstance(said, dict) else {}
    found: dict[str, Json] = {
        key: value for key, value in status.items() if isinstance(value, bool | int | float | str)
    }
    conditions = status.get("conditions")
    if isinstance(conditions, list):
        found["conditions"] = {each["type"]: each["status"] for each in conditions if "type" in each}
    images = [
        value
        for path, value in fields_of.leaves(live.get("spec") or {}).items()
        if path.endswith(".image") and "ontainers." in path
    ]
    return found | ({"images": images} if images else {})


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; Conflict for what the API refuses, and for a field that cannot be changed."""
    if isinstance(seen, Absent):
        return Difference(action=Action.CREATE, fields=tuple(_created(resource)))
    refused = _mapping(seen, _REFUSED)
    if refused and not _may_recreate(resource):
        raise Conflict(_cannot(resource, refused))
    found = tuple(_differing(resource, seen))
    if not found:
        return None
    managers = _mapping(seen, _SET_BY).items()
    theirs = tuple((path, str(manager)) for path, manager in managers if manager != TRAFFIC_MANAGER)
    return Difference(action=Action.REPLACE if refused else Action.UPDATE, fields=found, theirs=theirs)


def _created(resource: Resource) -> Iterator[FieldDiff]:
    for path, value in resource.attributes.items():
        if path not in _KNOWN_OTHERWISE:
            yield FieldDiff(path=path, before=None, after=value, secret=_is_secret(resource, path, value))


def _differing(resource: Resource, seen: Present) -> Iterator[FieldDiff]:
    there, would_be = seen.attributes, _mapping(seen, _WOULD_BE)
    for path, wanted in resource.attributes.items():
        if not same(wanted, there.get(path)):
            yield _field(resource, path, there.get(path), wanted)
    for path, after in would_be.items():
        if path not in resource.attributes and not any(fnmatchcase(path, each) for each in resource.ignore):
            yield _field(resource, path, there.get(path), after)


def _field(resource: Resource, path: str, before: Json, after: Json) -> FieldDiff:
    secret = _is_secret(resource, path, before) or _is_secret(resource, path, after)
    return FieldDiff(path=path, before=before, after=after, secret=secret)


def _is_secret(resource: Resource, path: str, value: Json) -> bool:
    of_secret = (resource.attributes.get("apiVersion"), resource.attributes.get("kind")) == ("v1", "Secret")
    keyed = isinstance(value, str) and value.startswith("keyed:")
    return keyed or (of_secret and path.startswith(("data.", "stringData.")))


def _mapping(seen: Present, name: str) -> Mapping[str, Json]:
    found = seen.attributes.get(name)
    return found if isinstance(found, Mapping) else {}


def _may_recreate(resource: Resource) -> bool:
    return str(resource.attributes.get(RECREATE)) == "true" or waves.hook_of(resource) is not None


def _cannot(resource: Resource, refused: Mapping[str, Json]) -> str:
    said = "; ".join(f"{field}: {message}" if field else str(message) for field, message in refused.items())
    fixed = any("immutable" in str(each) or "forbidden" in str(each).lower() for each in refused.values())
    what = (
        'change it back in Git, or write the annotation `reconciler/recreate: "true"` to have the object deleted and '
        "made anew"
        if fixed
        else "mend it in Git"
    )
    return f"{resource.id.ref}: the API server refuses it ({said}); {what}"


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Apply the manifest; what a hook is, and what cannot be changed, is deleted first."""
    there = isinstance(seen, Present)
    taken = tuple(_mapping(seen, _SET_BY)) if isinstance(seen, Present) else ()
    hook = waves.FINISHED in resource.attributes
    refused = isinstance(seen, Present) and bool(_mapping(seen, _REFUSED))
    return (
        ApplyObject(
            object=object_of(resource),
            manifest=resource.contents["manifest"],
            unit=str(resource.id.unit),
            force=resource.adopt,
            takes=taken,
            as_is=resource.ignore,
            stamp=_stamp(resource, siblings),
            recreate=there and (hook or refused),
            established=resource.attributes.get("kind") == _CRD,
            finished=hook,
        ),
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Delete the object, while it has our labels: one without them is somebody else's by now."""
    if isinstance(seen, Absent) or _labels(resource).keys() & _mapping(seen, _WOULD_BE).keys():
        return ()
    return (DeleteObject(object=object_of(resource), unit=str(resource.id.unit)),)


restart = no_process.restart
asked = health.asked
judged = health.judged
