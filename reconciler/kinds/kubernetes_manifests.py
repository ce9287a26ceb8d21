"""What people write becomes objects: inline, from files, from ``kustomize build`` and ``helm template``."""

import base64
import binascii
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds import kubernetes_waves as waves
from reconciler.kinds.kubernetes_charts import helm
from reconciler.kinds.kubernetes_kustomize import kustomize
from reconciler.kinds.kubernetes_objects import Manifest, manifests, places
from reconciler.kinds.kubernetes_spec import Spec
from reconciler.model.canonical import canonical
from reconciler.model.cluster import RUN_OF, ObjectName
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Content
from reconciler.ports.kind import InputError, Inputs, Piece

ENDINGS = (".yaml", ".yml", ".json")
_MARKER = re.compile(f"{SECRET_OPEN}[^{SECRET_CLOSE}]*{SECRET_CLOSE}")
_MARKS = (SECRET_OPEN, SECRET_CLOSE)


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a text: its name, its turn, its manifest as JSON, and the same as data."""

    name: ObjectName
    turn: waves.Turn
    content: Content
    manifest: Manifest


def objects(spec: Spec, inputs: Inputs) -> Iterator[Object]:
    """Yield all objects of a text, in the order they are written; raise InputError."""
    where = next(key for key in ("manifest", "manifests", "kustomize", "helm") if getattr(spec, key) is not None)
    found = list(manifests(_pieces(spec, inputs), where))
    if not found:
        raise InputError(where, "there is no object of Kubernetes in it")
    here = places(spec.namespace, spec.cluster_scoped, found)
    leave_out = spec.helm.leave_out_hooks if spec.helm else ()
    first: dict[ObjectName, Manifest] = {}
    for manifest in found:
        try:
            turn = waves.turn(manifest, leave_out)
            data = _secrets_as_text(manifest)
        except ValueError as error:
            raise manifest.mistake(
                f"{manifest.data['kind']} {manifest.data['metadata']['name']}: {error}", where
            ) from error
        if turn.left_out:
            continue
        name = here.named(manifest)
        if name in first:
            twice = f" in {first[name].file}:{first[name].line}" if first[name].file else ""
            raise manifest.mistake(f"{name} is there already{twice}; an object is written once", where)
        first[name] = manifest
        final = replace(manifest, data=_named(data, name))
        if turn.ends:
            final = replace(final, data=_run_of(final.data, spec, inputs))
        yield Object(name, turn, inputs.text(canonical(final.data), spec.secrets), final)
    _check_rules(spec, found)


def _check_rules(spec: Spec, found: Sequence[Manifest]) -> None:
    sorts = {each.sort for each in found}
    for sort in spec.health:
        if sort not in sorts:
            raise InputError("health", f"there is no {sort} here; there are {', '.join(sorted(sorts))}")


def _pieces(spec: Spec, inputs: Inputs) -> Sequence[Piece]:
    if spec.manifest is not None:
        return (Piece("", 0, spec.manifest),)
    if spec.kustomize is not None:
        return kustomize(spec.kustomize, inputs)
    if spec.helm is not None:
        return helm(spec.helm, spec.namespace, inputs)
    assert spec.manifests is not None
    return [piece for path in _files(spec.manifests, inputs) for piece in _of_file(path, spec, inputs)]


def _files(path: str, inputs: Inputs) -> Sequence[str]:
    """A file is named with its ending; anything else is a folder, in which other files are left alone."""
    if path.endswith(ENDINGS):
        return (path,)
    found = [each for each in inputs.below(path) if each.endswith(ENDINGS) and "/." not in each]
    if not found:
        raise InputError("manifests", f"the folder {path} has no file that ends with {', '.join(ENDINGS)}")
    if any(posixpath.basename(each).startswith("kustomization.") for each in found):
        raise InputError("manifests", f"the folder {path} has a kustomization; write 'kustomize: {path}' instead")
    return found


def _of_file(path: str, spec: Spec, inputs: Inputs) -> Sequence[Piece]:
    if spec.template:
        return inputs.pieces(path, inputs.filled(path, spec.secrets))
    try:
        return inputs.pieces(path, inputs.data(path).decode())
    except UnicodeDecodeError as error:
        raise InputError("manifests", f"{path} is not UTF-8 text", file=path) from error


def _named(data: Mapping[str, Any], name: ObjectName) -> dict[str, Any]:
    """The manifest with the namespace that its name says; what the server fills in is left to the server."""
    metadata = {key: value for key, value in data["metadata"].items() if key not in ("namespace", "creationTimestamp")}
    if name.namespace:
        metadata["namespace"] = name.namespace
    rest = {key: value for key, value in data.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": metadata}


def _run_of(data: Mapping[str, Any], spec: Spec, inputs: Inputs) -> Mapping[str, Any]:
    """The Job with a digest of what it is run for, so that a run can be told from the one before."""
    made = inputs.text(canonical(data.get("spec")), spec.secrets).digest
    metadata = data["metadata"]
    annotations = {**(metadata.get("annotations") or {}), RUN_OF: made}
    return {**data, "metadata": {**metadata, "annotations": annotations}}


def _secrets_as_text(manifest: Manifest) -> Mapping[str, Any]:
    """The manifest with secrets only where they can be filled in: in values of text, and not in base64."""
    data = manifest.data
    if manifest.sort == "Secret":
        data = _out_of_base64(data)
    for key in ("apiVersion", "kind"):
        _plain(data[key], key)
    for key in ("name", "namespace", "labels"):
        _plain(canonical(data["metadata"].get(key)), f"metadata.{key}")
    for key in _keys(data):
        _plain(key, "a key")
    return data


def _out_of_base64(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Secret whose values in base64 hold marked secrets has these as text: charts encode what they are given."""
    given = data.get("data")
    if not isinstance(given, dict):
        return data
    texts: dict[str, str] = {}
    for key, value in given.items():
        if not isinstance(value, str):
            continue
        if _MARKER.search(value):
            raise ValueError(f"data.{key} has to be base64, and a secret is filled in as text: write it in stringData")
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        if _MARKER.search(text):
            texts[key] = text
    if not texts:
        return data
    rest = {key: value for key, value in given.items() if key not in texts}
    kept = {key: value for key, value in data.items() if key != "data"} | ({"data": rest} if rest else {})
    strings = data.get("stringData")
    return {**kept, "stringData": {**texts, **(strings if isinstance(strings, dict) else {})}}


def _plain(text: str, what: str) -> None:
    if any(mark in text for mark in _MARKS):
        raise ValueError(f"{what} cannot hold a secret; it would be stored and shown")


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
