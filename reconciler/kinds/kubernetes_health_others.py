"""How the other objects of Kubernetes itself do, and any object that follows its conventions for conditions."""

from collections.abc import Callable, Mapping

from reconciler.kinds.kubernetes_health_pods import first_wrong, pod
from reconciler.kinds.kubernetes_health_words import (
    Health,
    Object,
    Seen,
    coming,
    condition,
    items,
    number,
    part,
    says,
    well,
    why,
    wrong,
)
from reconciler.kinds.kubernetes_health_workloads import daemon_set, deployment, replica_set, stateful_set


def job(seen: Seen) -> Health:
    """Return how a Job does: it has to end. One that is suspended waits for a person, and nothing is wrong."""
    each = seen.object
    if says(each, "Failed"):
        return wrong(f"it has failed: {why(each, 'Failed')}")
    if says(each, "Complete"):
        return well("it has completed")
    if part(each, "spec").get("suspend") is True:
        return well("it is suspended")
    # A pod that crashes is tried again as often as the Job says; one that never starts is not.
    if bad := first_wrong(seen.pods, crashes=False):
        return wrong(bad)
    status = part(each, "status")
    return coming(f"it runs: {number(status, 'succeeded')} succeeded, {number(status, 'failed')} failed")


def cron_job(seen: Seen) -> Health:
    """Return how a CronJob does: it is well when it is there; how its Jobs do is their own affair."""
    return well("it is suspended" if part(seen.object, "spec").get("suspend") is True else "it is scheduled")


def volume_claim(seen: Seen) -> Health:
    """Return how a PersistentVolumeClaim does."""
    phase = part(seen.object, "status").get("phase")
    if phase == "Bound":
        return well("it is bound")
    if phase == "Lost":
        return wrong("its volume is lost")
    return coming("it is not bound to a volume yet")


def volume(seen: Seen) -> Health:
    """Return how a PersistentVolume does."""
    status = part(seen.object, "status")
    phase = status.get("phase")
    if phase == "Failed":
        return wrong(f"it has failed: {status.get('message') or status.get('reason') or 'no reason is given'}")
    return coming("it is not available yet") if phase in (None, "Pending") else well(f"it is {str(phase).lower()}")


def service(seen: Seen) -> Health:
    """Return how a Service does: only one of type LoadBalancer has to wait for anything."""
    if part(seen.object, "spec").get("type") != "LoadBalancer":
        return well("it is there")
    return _balanced(seen.object)


def ingress(seen: Seen) -> Health:
    """Return how an Ingress does: its controller has written down where it answers."""
    return _balanced(seen.object)


def _balanced(each: Object) -> Health:
    found = items(part(each, "status", "loadBalancer"), "ingress")
    if not found:
        return coming("it has no address of a load balancer yet")
    return well(f"it answers at {found[0].get('ip') or found[0].get('hostname') or 'its load balancer'}")


def autoscaler(seen: Seen) -> Health:
    """Return how a HorizontalPodAutoscaler does. Figures of pods that were just made come late, and are waited for."""
    each = seen.object
    for kind in ("AbleToScale", "ScalingActive"):
        if says(each, kind) is False:
            reason = str(condition(each, kind).get("reason"))
            if reason == "ScalingDisabled":
                return well("its target has no replicas, so it does not scale")
            lasting = reason.startswith("Invalid") or reason == "FailedGetScale"
            return wrong(why(each, kind)) if lasting else coming(why(each, kind))
    if says(each, "AbleToScale") is None and not part(each, "status").get("currentReplicas"):
        return coming("nobody has looked at it yet")
    return well("it is able to scale")


def disruption_budget(seen: Seen) -> Health:
    """Return how a PodDisruptionBudget does."""
    status = part(seen.object, "status")
    there, wanted = number(status, "currentHealthy"), number(status, "desiredHealthy")
    if there < wanted:
        return coming(f"{there} of {wanted} pods that it asks for are healthy")
    return well(f"{there} pods are healthy, it asks for {wanted}")


def api_service(seen: Seen) -> Health:
    """Return how an APIService does."""
    return well("it is available") if says(seen.object, "Available") else coming(why(seen.object, "Available"))


def definition(seen: Seen) -> Health:
    """Return how a CustomResourceDefinition does."""
    each = seen.object
    if says(each, "NamesAccepted") is False:
        return wrong(f"its names are not accepted: {why(each, 'NamesAccepted')}")
    return well("it is established") if says(each, "Established") else coming("it is not established yet")


def namespace(seen: Seen) -> Health:
    """Return how a Namespace does."""
    phase = part(seen.object, "status").get("phase")
    return well("it is active") if phase == "Active" else coming(f"it is {str(phase or 'not active yet').lower()}")


def by_conditions(seen: Seen) -> Health:
    """Return how any other object does: by its condition Ready, where it has one."""
    each = seen.object
    if not condition(each, "Ready"):
        stale = any(found.get("type") == "Ready" for found in items(part(each, "status"), "conditions"))
        return coming("what it says of being ready is about an older version") if stale else well("it is there")
    return well("it is ready") if says(each, "Ready") else coming(f"it is not ready: {why(each, 'Ready')}")


def before_all(each: Object) -> Health | None:
    """Return what holds for every object, whatever its kind; None when that says nothing."""
    metadata, status = part(each, "metadata"), part(each, "status")
    if metadata.get("deletionTimestamp"):
        return coming("it is being deleted")
    generation, observed = number(metadata, "generation"), status.get("observedGeneration")
    if isinstance(observed, int) and observed < generation:
        return coming("its controller has not seen what was applied yet")
    if says(each, "Stalled"):
        return wrong(f"it is stalled: {why(each, 'Stalled')}")
    if says(each, "Reconciling"):
        return coming(why(each, "Reconciling"))
    return None


OBSERVED = frozenset(
    ("Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps", "DaemonSet.apps", "PodDisruptionBudget.policy")
)
"""Kinds whose controllers always say which version they have seen: without that word nobody has seen it yet."""

RULES: Mapping[str, Callable[[Seen], Health]] = {
    "Deployment.apps": deployment,
    "ReplicaSet.apps": replica_set,
    "ReplicationController": replica_set,
    "StatefulSet.apps": stateful_set,
    "DaemonSet.apps": daemon_set,
    "Job.batch": job,
    "CronJob.batch": cron_job,
    "Pod": pod,
    "PersistentVolumeClaim": volume_claim,
    "PersistentVolume": volume,
    "Service": service,
    "Ingress.networking.k8s.io": ingress,
    "Ingress.extensions": ingress,
    "HorizontalPodAutoscaler.autoscaling": autoscaler,
    "PodDisruptionBudget.policy": disruption_budget,
    "APIService.apiregistration.k8s.io": api_service,
    "CustomResourceDefinition.apiextensions.k8s.io": definition,
    "Namespace": namespace,
}
"""How objects do, by kind and group; any other by its conditions."""
