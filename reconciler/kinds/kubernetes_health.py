"""How an object of a cluster does: which question that takes, and what the answer means.

The rules are those that Kubernetes' own tools go by (kstatus, Argo CD), and a rule in CEL goes before them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.kinds.kubernetes_health_others import OBSERVED, RULES, before_all, by_conditions
from reconciler.kinds.kubernetes_health_words import Health, Object, Seen, State, coming, part, says, well, wrong
from reconciler.kinds.kubernetes_objects import Manifest, sort_of
from reconciler.kinds.kubernetes_spec import VARIABLES, Spec
from reconciler.model.canonical import canonical
from reconciler.model.cluster import ObjectName
from reconciler.model.health import CheckResult, ResourceCheck
from reconciler.model.target import Sort
from reconciler.policy import condition
from reconciler.ports.reads import Listed, ReadStatus

_QUIET = frozenset(
    (
        *("ConfigMap", "Secret", "ServiceAccount", "ResourceQuota", "LimitRange", "Endpoints", "CronJob.batch"),
        *("Role.rbac.authorization.k8s.io", "RoleBinding.rbac.authorization.k8s.io"),
        *("ClusterRole.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io"),
        *("NetworkPolicy.networking.k8s.io", "IngressClass.networking.k8s.io", "StorageClass.storage.k8s.io"),
        *("PriorityClass.scheduling.k8s.io", "RuntimeClass.node.k8s.io", "PodTemplate"),
        "MutatingWebhookConfiguration.admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
    )
)
"""Kinds that are well as soon as they are there: nobody has to ask."""


class Named(Protocol):
    """An object that a text has, and what it is called."""

    @property
    def name(self) -> ObjectName: ...  # noqa: D102

    @property
    def manifest(self) -> Manifest: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Rules:
    """Conditions in CEL over ``object``: when it does well, and when something is wrong with it."""

    healthy: str
    failed: str | None = None


def check(found: Named, spec: Spec) -> ResourceCheck | None:
    """Return the check of an object; None where it is well as soon as it is there."""
    manifest, name, rules = found.manifest, found.name, _rules(found.manifest.sort, spec)
    sort = manifest.sort
    plain_service = sort == "Service" and part(manifest.data, "spec").get("type") != "LoadBalancer"
    if rules is None and (sort in _QUIET or plain_service):
        return None
    asked: dict[str, Any] = {
        "object": [name.api_version, name.kind, name.namespace, name.name],
        "labels": sorted([str(key), str(value)] for key, value in _selected(manifest).items()),
    }
    if rules:
        asked |= {"healthy": rules.healthy, "failed": rules.failed}
    return ResourceCheck(ref=f"kubernetes:{name}", subject=canonical(asked), on=Sort.KUBERNETES_CLUSTER)


def _rules(sort: str, spec: Spec) -> Rules | None:
    """The rules that the document gives; those of the one manifest before those of its kind."""
    if spec.healthy is not None:
        return Rules(spec.healthy, spec.failed)
    found = spec.health.get(sort)
    return None if found is None else Rules(found.healthy, found.failed)


def _selected(manifest: Manifest) -> Mapping[str, Any]:
    """The labels that the pods of a workload have, none for what has no pods."""
    match manifest.sort:
        case "Deployment.apps" | "ReplicaSet.apps" | "StatefulSet.apps" | "DaemonSet.apps":
            return part(manifest.data, "spec", "selector", "matchLabels")
        case "ReplicationController":
            return part(manifest.data, "spec", "selector")
        case "Job.batch":
            return {"job-name": manifest.data["metadata"]["name"]}
        case _:
            return {}


def asked(subject: str) -> ReadStatus:
    """Return what to ask the cluster: the object, its pods, and the ReplicaSets of a Deployment."""
    given = json.loads(subject)
    name = ObjectName(*given["object"])
    labels = tuple((key, value) for key, value in given["labels"])
    if not labels:
        return ReadStatus(object=name)
    pods, sets = Listed("v1", "Pod", labels), Listed("apps/v1", "ReplicaSet", labels)
    of_deployment = sort_of(name.api_version, name.kind) == "Deployment.apps"
    return ReadStatus(object=name, listed=(pods, sets) if of_deployment else (pods,))


def judged(subject: str, answer: Sequence[str]) -> CheckResult:
    """Return how the object does; what is on its way, and not wrong, is ``pending``."""
    given = json.loads(subject)
    health = _health(given, answer)
    return CheckResult(health.state is State.WELL, health.detail, pending=health.state is State.COMING)


def has_completed(job: Object) -> bool:
    """Return whether a Job has ended well."""
    return says(job, "Complete") is True


def _health(given: Mapping[str, Any], answer: Sequence[str]) -> Health:
    if not answer or not answer[0]:
        return wrong("it is not there")
    lists = [json.loads(line) for line in answer[1:] if line]
    pods, sets = (*lists, (), ())[:2]
    seen = Seen(json.loads(answer[0]), pods, sets)
    api_version, kind, _, _ = given["object"]
    sort = sort_of(api_version, kind)
    if always := before_all(seen.object):
        return always
    if given.get("healthy"):
        return _by_rules(Rules(given["healthy"], given.get("failed")), seen.object)
    if sort in OBSERVED and "observedGeneration" not in part(seen.object, "status"):
        return coming("its controller has not seen it yet")
    return RULES.get(sort, by_conditions)(seen)


def _by_rules(rules: Rules, found: Object) -> Health:
    """A rule that has no value, since a field is not there yet, does not hold."""
    try:
        if rules.failed and _holds(rules.failed, found):
            return wrong(f"{rules.failed} holds")
    except condition.Fault:
        pass  # there is nothing yet of what it speaks of
    try:
        return well(f"{rules.healthy} holds") if _holds(rules.healthy, found) else coming(f"not yet: {rules.healthy}")
    except condition.Fault as fault:
        return coming(f"not yet: {rules.healthy} ({fault})")


def _holds(rule: str, found: Object) -> bool:
    return condition.compile(rule, VARIABLES).holds({"object": found})
