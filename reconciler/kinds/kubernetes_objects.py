"""Objects of a cluster: what they are called, which belong to a namespace, and what is wrong with a text of one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model.canonical import Json
from reconciler.model.cluster import ObjectName
from reconciler.model.resource import Resource
from reconciler.ports.kind import InputError, Piece

_CLUSTER_WIDE = frozenset(
    (
        *("Namespace", "Node", "PersistentVolume", "ComponentStatus"),
        *("ClusterRole.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io"),
        "CustomResourceDefinition.apiextensions.k8s.io",
        "APIService.apiregistration.k8s.io",
        "MutatingWebhookConfiguration.admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
        "MutatingAdmissionPolicy.admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "PriorityClass.scheduling.k8s.io",
        "StorageClass.storage.k8s.io",
        "CSIDriver.storage.k8s.io",
        "CSINode.storage.k8s.io",
        "VolumeAttachment.storage.k8s.io",
        "VolumeAttributesClass.storage.k8s.io",
        "RuntimeClass.node.k8s.io",
        "IngressClass.networking.k8s.io",
        "IngressClass.extensions",
        "IPAddress.networking.k8s.io",
        "ServiceCIDR.networking.k8s.io",
        "PodSecurityPolicy.policy",
        "FlowSchema.flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
        "CertificateSigningRequest.certificates.k8s.io",
        "ClusterTrustBundle.certificates.k8s.io",
        "DeviceClass.resource.k8s.io",
        "ResourceSlice.resource.k8s.io",
        "GatewayClass.gateway.networking.k8s.io",
    )
)
"""The kinds of Kubernetes itself (and of its Gateway API) that have no namespace."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as it was written, and where."""

    data: Mapping[str, Any]
    file: str
    line: int

    @property
    def sort(self) -> str:
        """Its kind and group, without the version: ``Deployment.apps``, ``Service``."""
        return sort_of(str(self.data["apiVersion"]), str(self.data["kind"]))

    @property
    def annotations(self) -> Mapping[str, Any]:
        """Its annotations."""
        found = self.data["metadata"].get("annotations")
        return found if isinstance(found, dict) else {}

    @property
    def has_pods(self) -> bool:
        """Whether it has a template of pods."""
        spec = self.data.get("spec")
        return isinstance(spec, dict) and isinstance(spec.get("template"), dict)

    def mistake(self, message: str, where: str) -> InputError:
        """Return the mistake that something is wrong with it; ``where`` is the key that named it."""
        place = f"{self.file}:{self.line}: " if self.file else ""
        return InputError(where, f"{place}{message}", file=self.file or None, line=self.line)


def sort_of(api_version: str, kind: str) -> str:
    """Return kind and group as people write them: ``Deployment.apps``, ``Service``."""
    group = api_version.rpartition("/")[0]
    return f"{kind}.{group}" if group else kind


def manifests(pieces: Sequence[Piece], where: str) -> Iterator[Manifest]:
    """Yield the objects of the pieces, those of lists one by one; raise InputError for what is no object."""
    for piece in pieces:
        yield from _unpacked(piece, where)


def _unpacked(piece: Piece, where: str) -> Iterator[Manifest]:
    here = Manifest(piece.data if isinstance(piece.data, dict) else {}, piece.file, piece.line)
    if not isinstance(piece.data, dict):
        raise here.mistake("expected an object of Kubernetes, a mapping with apiVersion, kind and metadata", where)
    for key in ("apiVersion", "kind"):
        if not isinstance(here.data.get(key), str) or not here.data[key]:
            raise here.mistake(f"the key '{key}' is missing; every object of Kubernetes has it", where)
    if str(here.data["kind"]).endswith("List") and isinstance(here.data.get("items"), list):
        for item in here.data["items"]:
            yield from _unpacked(Piece(piece.file, piece.line, _of_list(here, item)), where)
        return
    _check_metadata(here, where)
    yield here


def _check_metadata(here: Manifest, where: str) -> None:
    metadata = here.data.get("metadata")
    called = f"this {here.data['kind']}"
    if not isinstance(metadata, dict):
        raise here.mistake(f"{called} has no metadata; it needs a name there", where)
    if "generateName" in metadata:
        raise here.mistake(f"{called} has generateName: each look would ask for another one; give it a name", where)
    if not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise here.mistake(f"{called} has no metadata.name (a text)", where)
    if not isinstance(metadata.get("namespace", ""), str):
        raise here.mistake(f"{called} has a metadata.namespace that is no text", where)
    for key in ("labels", "annotations"):
        if wrong := _no_texts(metadata.get(key)):
            raise here.mistake(f"metadata.{key} of {called} {wrong}", where)


def _no_texts(found: Any) -> str | None:
    """What is wrong with labels or annotations, which are texts by name; None when nothing is."""
    if found is None:
        return None
    if not isinstance(found, dict):
        return "is no mapping of keys and values"
    name = next((name for name, value in found.items() if not isinstance(value, str)), None)
    return None if name is None else f"has {name}: {json.dumps(found[name])}, which is no text: put it in quotes"


def _of_list(around: Manifest, item: Any) -> Any:
    """An item of a typed list (``DeploymentList``) need not say what it is."""
    kind = str(around.data["kind"]).removesuffix("List")
    if not isinstance(item, dict) or not kind:
        return item
    return {"apiVersion": around.data["apiVersion"], "kind": kind, **item}


@dataclass(frozen=True, slots=True)
class Places:
    """Which namespace an object is in. ``namespace`` None leaves that to the cluster it goes to."""

    namespace: str | None
    cluster_wide: frozenset[str]

    def named(self, manifest: Manifest) -> ObjectName:
        """Return the object's name; one that belongs to the cluster has no namespace, whatever its text says."""
        metadata = manifest.data["metadata"]
        wide = manifest.sort in self.cluster_wide
        namespace = "" if wide else str(metadata.get("namespace") or self.namespace or "")
        return ObjectName(str(manifest.data["apiVersion"]), str(manifest.data["kind"]), namespace, metadata["name"])


def places(namespace: str | None, cluster_wide: Sequence[str], found: Sequence[Manifest]) -> Places:
    """Return the places of objects; what the CRDs among them define is known, too."""
    defined = frozenset(
        f"{names.get('kind')}.{spec.get('group')}"
        for each in found
        if each.sort == "CustomResourceDefinition.apiextensions.k8s.io"
        and isinstance(spec := each.data.get("spec"), dict)
        and isinstance(names := spec.get("names"), dict)
        and spec.get("scope") == "Cluster"
    )
    return Places(namespace, _CLUSTER_WIDE | defined | frozenset(cluster_wide))


def attributes(name: ObjectName) -> dict[str, Json]:
    """Return the attributes of a resource that say which object it is."""
    return {
        "apiVersion": name.api_version,
        "kind": name.kind,
        "namespace": name.namespace,
        "name": name.name,
    }


def object_of(resource: Resource) -> ObjectName:
    """Return which object a resource is; its namespace is empty for that of its cluster, too."""
    found = resource.attributes
    return ObjectName(str(found["apiVersion"]), str(found["kind"]), str(found["namespace"]), str(found["name"]))
