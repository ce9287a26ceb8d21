"""The order in which objects of an app are applied: namespaces and definitions, hooks before, the rest, hooks after.

Within each of these, waves count, then kinds.

Annotations of Argo CD and of Helm say the same in their words and are understood; what has no place here is a mistake.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.kinds.kubernetes_objects import Manifest, sort_of
from reconciler.model.canonical import Json
from reconciler.model.resource import Resource

HOOK, WAVE = "reconciler/hook", "reconciler/wave"
FINISHED = "finished"
"""The attribute of a hook that has to end well: whether it has."""

_ARGO_HOOK, _ARGO_WAVE = "argocd.argoproj.io/hook", "argocd.argoproj.io/sync-wave"
_HELM_HOOK, _HELM_WEIGHT = "helm.sh/hook", "helm.sh/hook-weight"

_KINDS = (
    "Namespace",
    "CustomResourceDefinition.apiextensions.k8s.io",
    "PriorityClass.scheduling.k8s.io",
    "NetworkPolicy.networking.k8s.io",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy.policy",
    "PodDisruptionBudget.policy",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass.storage.k8s.io",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole.rbac.authorization.k8s.io",
    "ClusterRoleBinding.rbac.authorization.k8s.io",
    "Role.rbac.authorization.k8s.io",
    "RoleBinding.rbac.authorization.k8s.io",
    "Service",
    "DaemonSet.apps",
    "Pod",
    "ReplicationController",
    "ReplicaSet.apps",
    "Deployment.apps",
    "StatefulSet.apps",
    "HorizontalPodAutoscaler.autoscaling",
    "Job.batch",
    "CronJob.batch",
    "IngressClass.networking.k8s.io",
    "Ingress.networking.k8s.io",
    "APIService.apiregistration.k8s.io",
)
_RANKS = {kind: rank for rank, kind in enumerate(_KINDS)}
_OTHERS = len(_KINDS)
_LAST = frozenset(
    (
        "MutatingWebhookConfiguration.admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    )
)
"""They speak about all that is changed after them, and what answers for them has to run by then."""


class Hook(StrEnum):
    """When a hook runs: before everything else of the app, or after it."""

    BEFORE = "before"
    AFTER = "after"


_PHASES = {"before": -1, "after": 1}
_GROUND = -2
_FIRST = frozenset(("Namespace", "CustomResourceDefinition.apiextensions.k8s.io"))
"""What everything else stands on, hooks too."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When an object's turn is. One that is ``left_out`` is not applied at all; one that ``ends`` has to end well."""

    wave: int = 0
    hook: Hook | None = None
    left_out: bool = False
    ends: bool = False


def turn(manifest: Manifest, leave_out: Sequence[str]) -> Turn:
    """Return when the turn of an object is; ValueError for an annotation that cannot be followed."""
    found = manifest.annotations
    spec = manifest.data.get("spec")
    if manifest.sort == "Job.batch" and isinstance(spec, dict) and spec.get("ttlSecondsAfterFinished") is not None:
        raise ValueError("ttlSecondsAfterFinished takes the Job away, and it would be made and run again; leave it out")
    if HOOK in found:
        when = _word(found, HOOK, {"before": Hook.BEFORE, "after": Hook.AFTER})
        return _checked(manifest, Turn(_number(found, WAVE, _ARGO_WAVE, _HELM_WEIGHT), when))
    if _ARGO_HOOK in found:
        return _checked(manifest, _of_argo(found))
    if _HELM_HOOK in found:
        return _checked(manifest, _of_helm(found, leave_out))
    return Turn(_number(found, WAVE, _ARGO_WAVE))


def _of_argo(found: Mapping[str, object]) -> Turn:
    said = [word.strip() for word in str(found[_ARGO_HOOK]).split(",")]
    words = {"PreSync": Hook.BEFORE, "PostSync": Hook.AFTER}
    wave = _number(found, WAVE, _ARGO_WAVE)
    if said == ["Skip"]:
        return Turn(left_out=True)
    if said == ["Sync"]:
        return Turn(wave)
    if len(said) != 1 or said[0] not in words:
        raise ValueError(
            f"{_ARGO_HOOK}: {found[_ARGO_HOOK]} cannot be followed: known here are PreSync, Sync, PostSync and Skip"
        )
    return Turn(wave, words[said[0]])


def _of_helm(found: Mapping[str, object], leave_out: Sequence[str]) -> Turn:
    said = {word.strip() for word in str(found[_HELM_HOOK]).split(",")} - {"test", "test-success", *leave_out}
    wave = _number(found, WAVE, _HELM_WEIGHT)
    if not said:
        return Turn(left_out=True)
    if "crd-install" in said:
        return Turn(wave)
    unknown = sorted(said - {"pre-install", "pre-upgrade", "post-install", "post-upgrade"})
    if unknown:
        raise ValueError(
            f"{_HELM_HOOK}: {unknown[0]} cannot be followed: nothing here runs it at that time; leave it out with "
            f"'leaveOutHooks: [{unknown[0]}]' below helm"
        )
    before = any(word.startswith("pre-") for word in said)
    if before and any(word.startswith("post-") for word in said):
        raise ValueError(f"{_HELM_HOOK}: {found[_HELM_HOOK]} cannot be followed: it is before and after; leave one out")
    return Turn(wave, Hook.BEFORE if before else Hook.AFTER)


def _checked(manifest: Manifest, found: Turn) -> Turn:
    """A hook that runs has to be a Job; what only prepares one (an account, a script) may be of any other kind."""
    if found.hook is not None and manifest.sort in ("Pod", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"):
        raise ValueError(f"a hook has to end, and a {manifest.data['kind']} is not waited for: make it a Job")
    return replace(found, ends=found.hook is not None and manifest.sort == "Job.batch")


def _word(found: Mapping[str, object], name: str, words: Mapping[str, Hook]) -> Hook:
    said = str(found[name])
    if said not in words:
        raise ValueError(f"{name}: expected {' or '.join(words)}, got {said!r}")
    return words[said]


def _number(found: Mapping[str, object], *names: str) -> int:
    """The number under the first of the names that is there."""
    for name in names:
        if name in found:
            said = str(found[name])
            if not re.fullmatch(r"[+-]?[0-9]{1,6}", said):
                raise ValueError(f"{name}: expected a whole number in quotes, got {said!r}")
            return int(said)
    return 0


def attributes(found: Turn) -> dict[str, Json]:
    """Return the attributes of a resource that say when its turn is."""
    hook: dict[str, Json] = {} if found.hook is None else {"hook": found.hook.value}
    return {"wave": found.wave, **hook, **({FINISHED: True} if found.ends else {})}


def hook_of(resource: Resource) -> Hook | None:
    """Return when a resource runs as a hook, None for what is no hook."""
    said = resource.attributes.get("hook")
    return None if said is None else Hook(str(said))


def wave(resource: Resource) -> tuple[int, ...]:
    """Return a resource's place in the order: phase, wave, kind. Small numbers go first."""
    found = resource.attributes
    sort = sort_of(str(found["apiVersion"]), str(found["kind"]))
    rank = _OTHERS + 1 if sort in _LAST else _RANKS.get(sort, _OTHERS)
    number = found.get("wave", 0)
    assert isinstance(number, int)
    phase = _GROUND if sort in _FIRST else _PHASES.get(str(found.get("hook", "")), 0)
    return (phase, number, rank)
