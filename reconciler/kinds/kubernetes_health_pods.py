"""How pods do: what will not come by waiting is told at once."""

from collections.abc import Iterator, Sequence

from reconciler.kinds.kubernetes_health_words import (
    Health,
    Object,
    Seen,
    coming,
    items,
    number,
    part,
    says,
    well,
    why,
    wrong,
)

_CRASHES = "CrashLoopBackOff"
_RESTARTS_AT_MOST = 1
"""How often a container may be started again: many an app ends once or twice until what it needs is up."""

_STUCK = frozenset(
    (
        *("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"),
        *("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "RegistryUnavailable"),
    )
)


def pod(seen: Seen) -> Health:
    """Return how a pod does that was applied by itself."""
    each = seen.object
    status = part(each, "status")
    phase = status.get("phase")
    if phase == "Succeeded":
        return well("it has succeeded")
    if phase == "Failed":
        return wrong(f"it has failed: {status.get('reason') or status.get('message') or _ended(each)}")
    if bad := first_wrong([each]):
        return wrong(bad)
    if phase == "Running" and says(each, "Ready"):
        return well("it is ready")
    return coming(_why_not(each))


def first_wrong(pods: Sequence[Object], *, crashes: bool = True) -> str | None:
    """Return what is wrong with the first pod of which anything is; ``crashes`` counts those that crash again."""
    for each in pods:
        if part(each, "metadata").get("deletionTimestamp"):
            continue
        for container, waiting in _waiting(each):
            reason = waiting.get("reason")
            often = number(container, "restartCount", _RESTARTS_AT_MOST + 1) > _RESTARTS_AT_MOST
            if reason in _STUCK or (reason == _CRASHES and crashes and often):
                said = f": {waiting['message']}" if waiting.get("message") else ""
                name = part(each, "metadata").get("name")
                return f"pod {name}, container {container.get('name')}: {reason}{said}"
    return None


def first_waiting(pods: Sequence[Object]) -> str | None:
    """Return why the first pod that is not ready is not, None when all are."""
    for each in pods:
        if says(each, "Ready") is not True and part(each, "status").get("phase") != "Succeeded":
            return f"pod {part(each, 'metadata').get('name')}: {_why_not(each)}"
    return None


def _waiting(each: Object) -> Iterator[tuple[Object, Object]]:
    status = part(each, "status")
    for container in (*items(status, "initContainerStatuses"), *items(status, "containerStatuses")):
        if waiting := part(container, "state", "waiting"):
            yield container, waiting


def _why_not(each: Object) -> str:
    if says(each, "PodScheduled") is False:
        return f"it cannot be scheduled: {why(each, 'PodScheduled')}"
    for container, waiting in _waiting(each):
        return f"container {container.get('name')}: {waiting.get('reason', 'waiting')}"
    return "it is not ready yet"


def _ended(each: Object) -> str:
    for container in items(part(each, "status"), "containerStatuses"):
        if ended := part(container, "state", "terminated"):
            return f"container {container.get('name')} ended with status {ended.get('exitCode')}"
    return "no reason is given"
