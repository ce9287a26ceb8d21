"""How workloads do: all of their replicas are of the newest revision and available, or why not."""

from collections.abc import Sequence

from reconciler.kinds.kubernetes_health_pods import first_waiting, first_wrong
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

_REVISION = "deployment.kubernetes.io/revision"
_GENERATION = "deprecated.daemonset.template.generation"


def deployment(seen: Seen) -> Health:
    """Return how a Deployment does; only pods of its newest ReplicaSet count as reasons."""
    each = seen.object
    spec, status = part(each, "spec"), part(each, "status")
    wanted, updated = number(spec, "replicas", 1), number(status, "updatedReplicas")
    if condition(each, "Progressing").get("reason") == "ProgressDeadlineExceeded":
        return wrong(_with_pods(why(each, "Progressing"), _newest(seen)))
    if says(each, "ReplicaFailure"):
        return wrong(why(each, "ReplicaFailure"))
    there, available = number(status, "replicas"), number(status, "availableReplicas")
    if updated < wanted:
        late = f"{updated} of {wanted} replicas are updated"
    elif there > updated:
        late = f"{there - updated} old replicas have still to end"
    elif available < updated:
        late = f"{available} of {updated} replicas are available"
    elif says(each, "Available") is False:
        late = why(each, "Available")
    else:
        return well(f"{available} of {wanted} replicas are available")
    return _late(late + (", and it is paused" if spec.get("paused") is True else ""), _newest(seen))


def replica_set(seen: Seen) -> Health:
    """Return how a ReplicaSet (or a ReplicationController) does."""
    each = seen.object
    wanted, status = number(part(each, "spec"), "replicas", 1), part(each, "status")
    if says(each, "ReplicaFailure"):
        return wrong(why(each, "ReplicaFailure"))
    there, available = number(status, "replicas"), number(status, "availableReplicas")
    if available < wanted:
        return _late(f"{available} of {wanted} replicas are available", seen.pods)
    if there > wanted:
        return coming(f"{there - wanted} replicas too many have still to end")
    return well(f"{available} of {wanted} replicas are available")


def stateful_set(seen: Seen) -> Health:
    """Return how a StatefulSet does; one with a partition is complete when those above it are updated."""
    each = seen.object
    spec, status = part(each, "spec"), part(each, "status")
    wanted, ready, there = number(spec, "replicas", 1), number(status, "readyReplicas"), number(status, "replicas")
    if ready < wanted:
        return _late(f"{ready} of {wanted} replicas are ready", _of_update(seen))
    if there > wanted:
        return coming(f"{there - wanted} replicas too many have still to end")
    said = f"{ready} of {wanted} replicas are ready"
    if part(spec, "updateStrategy").get("type") == "OnDelete":
        return well(f"{said}; they are updated when somebody deletes them (OnDelete)")
    return _updated(seen, said, wanted)


def _updated(seen: Seen, said: str, wanted: int) -> Health:
    status = part(seen.object, "status")
    if status.get("updateRevision") == status.get("currentRevision"):
        return well(said)
    partition = number(part(seen.object, "spec", "updateStrategy", "rollingUpdate"), "partition")
    new, updated = max(wanted - partition, 0), number(status, "updatedReplicas")
    if updated < new:
        return _late(f"{updated} of {new} replicas are updated", _of_update(seen))
    if partition:
        return well(f"{said}, and those from {partition} on are updated")
    return coming("all replicas are updated, and the revision is not written down yet")


def _of_update(seen: Seen) -> Sequence[Object]:
    revision = part(seen.object, "status").get("updateRevision")
    return _labelled(seen.pods, "controller-revision-hash", revision)


def daemon_set(seen: Seen) -> Health:
    """Return how a DaemonSet does."""
    each = seen.object
    status = part(each, "status")
    wanted, updated = number(status, "desiredNumberScheduled"), number(status, "updatedNumberScheduled")
    available, there = number(status, "numberAvailable"), number(status, "currentNumberScheduled")
    generation = part(each, "metadata", "annotations").get(_GENERATION)
    pods = _labelled(seen.pods, "pod-template-generation", generation)
    if there < wanted:
        return _late(f"it is on {there} of {wanted} nodes", pods)
    if updated < wanted and part(each, "spec", "updateStrategy").get("type") != "OnDelete":
        return _late(f"it is updated on {updated} of {wanted} nodes", pods)
    if available < wanted:
        return _late(f"it is available on {available} of {wanted} nodes", pods)
    return well(f"it is available on {available} of {wanted} nodes")


def _late(detail: str, pods: Sequence[Object]) -> Health:
    """It is not there yet: for a reason that stays, or for one that goes."""
    if bad := first_wrong(pods):
        return wrong(f"{detail}; {bad}")
    return coming(_with_pods(detail, pods))


def _with_pods(detail: str, pods: Sequence[Object]) -> str:
    said = first_wrong(pods) or first_waiting(pods)
    return f"{detail}; {said}" if said else detail


def _newest(seen: Seen) -> Sequence[Object]:
    """The pods of the ReplicaSet that has the Deployment's revision; none while nobody has made it."""
    metadata = part(seen.object, "metadata")
    revision = part(metadata, "annotations").get(_REVISION)
    for each in seen.sets:
        its = part(each, "metadata")
        ours = any(owner.get("uid") == metadata.get("uid") for owner in items(its, "ownerReferences"))
        if ours and revision is not None and part(its, "annotations").get(_REVISION) == revision:
            return _labelled(seen.pods, "pod-template-hash", part(its, "labels").get("pod-template-hash"))
    return ()


def _labelled(pods: Sequence[Object], label: str, value: object) -> Sequence[Object]:
    """The pods with that label; all of them where nobody knows which value counts."""
    if value is None:
        return pods
    return [each for each in pods if part(each, "metadata", "labels").get(label) == str(value)]
