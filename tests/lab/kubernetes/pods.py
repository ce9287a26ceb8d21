"""What becomes of a pod, decided from the pod alone: the part of a kubelet and a scheduler that is no effect.

The image's name says it: see WORDS. The annotation STATE says it at any time, of all the pod's containers, and wins.
"""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

from tests.lab.kubernetes.watching import Json

STATE = "lab/state"
SLOW = 2.0
"""Seconds until what is slow is ready, and what fades is not."""


class State(StrEnum):
    """How a container is."""

    STARTING = "starting"
    READY = "ready"
    CRASHING = "crashing"
    MISSING = "missing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


WORDS: Mapping[str, tuple[State, State]] = {
    "broken": (State.CRASHING, State.CRASHING),
    "fails": (State.CRASHING, State.CRASHING),
    "missing": (State.MISSING, State.MISSING),
    "waits": (State.STARTING, State.STARTING),
    "slow": (State.STARTING, State.READY),
    "fades": (State.READY, State.CRASHING),
}
"""What a container is at first, and after SLOW seconds, whose image has this word in its name; all others are ready.

A pod that is to end (its restartPolicy is not Always) succeeds instead of being ready, unless its image's name has
ENDLESS in it; where it must not be restarted, it fails instead of crashing.
"""

ENDLESS = "endless"
IDS = {State.STARTING, State.MISSING}
"""States in which a container has never run."""


def node_for(pod: Json, nodes: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the name of the node (names and labels are given) where the pod is to run; None when none will do."""
    pinned = _pinned(pod)
    if pinned is not None:
        return pinned if pinned in nodes else None
    asked = pod["spec"].get("nodeSelector", {}).items()
    fitting = sorted(name for name, labels in nodes.items() if asked <= labels.items())
    return fitting[int(_digest(pod["metadata"]["uid"])[:8], 16) % len(fitting)] if fitting else None


def changes_later(pod: Json) -> bool:
    """Say whether the pod is another SLOW seconds from now."""
    return states(pod, late=False) != states(pod, late=True)


def states(pod: Json, *, late: bool) -> Mapping[str, State]:
    """Return how each of the containers is to be, by name; late is SLOW seconds after the pod has started."""
    said = pod["metadata"].get("annotations", {}).get(STATE)
    return {
        container["name"]: State(said) if said else _by_image(container["image"], pod["spec"]["restartPolicy"], late)
        for container in pod["spec"]["containers"]
    }


def status(pod: Json, wanted: Mapping[str, State], address: str, now: str) -> Json:
    """Return the status of a bound pod whose containers are as wanted; now is a time as the API writes it."""
    phase = _phase(set(wanted.values()))
    ready = set(wanted.values()) == {State.READY}
    spec = pod["spec"]
    return {
        "phase": phase,
        "conditions": [
            _condition("PodScheduled", True, now, ""),
            _condition("Initialized", True, now, "PodCompleted" if phase == "Succeeded" else ""),
            _condition("ContainersReady", ready, now, _unready(phase)),
            _condition("Ready", ready, now, _unready(phase)),
        ],
        "hostIP": "127.0.0.1",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": pod["status"].get("startTime", now),
        "initContainerStatuses": [_container(each, State.SUCCEEDED, now) for each in spec.get("initContainers", [])],
        "containerStatuses": [_container(each, wanted[each["name"]], now) for each in spec["containers"]],
    }


def unschedulable(now: str, nodes: int) -> Json:
    """Return the status of a pod that no node will do for."""
    condition = _condition("PodScheduled", False, now, "Unschedulable")
    message = f"0/{nodes} nodes are available: {nodes} node(s) didn't match node selector."
    return {"conditions": [{**condition, "message": message}]}


def image_id(image: str) -> str:
    """Return how a kubelet names the image that it has pulled: by digest, an invented one if need be."""
    name, _, digest = image.partition("@")
    if digest:
        return f"{name.rpartition(':')[0] or name}@{digest}"
    repository = image.rpartition(":")[0] if ":" in image.rpartition("/")[2] else image
    return f"{repository}@sha256:{_digest(image)}"


def _by_image(image: str, restart: str, late: bool) -> State:
    first, then = next((pair for word, pair in WORDS.items() if word in image), (State.READY, State.READY))
    state = then if late else first
    if state is State.READY and restart != "Always" and ENDLESS not in image:
        return State.SUCCEEDED
    if state is State.CRASHING and restart == "Never":
        return State.FAILED
    return state


def _phase(found: set[State]) -> str:
    if found <= {State.SUCCEEDED, State.FAILED}:
        return "Failed" if State.FAILED in found else "Succeeded"
    return "Pending" if found <= IDS else "Running"


def _unready(phase: str) -> str:
    return "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"


def _condition(name: str, holds: bool, now: str, why_not: str) -> Json:
    condition: Json = {"type": name, "status": str(holds), "lastTransitionTime": now}
    if not holds:
        condition["reason"] = why_not
    return condition


def _container(container: Json, state: State, now: str) -> Json:
    image = container["image"]
    crashing = state is State.CRASHING
    told = {
        "name": container["name"],
        "image": image,
        "imageID": "" if state in IDS else image_id(image),
        "ready": state is State.READY,
        "started": state is State.READY,
        "restartCount": 7 if crashing else 0,
        "state": _word(state, image, now),
    }
    if state not in IDS:
        told["containerID"] = f"containerd://{_digest(container['name'] + image)}"
    if crashing:
        told["lastState"] = _word(State.FAILED, image, now)
    return told


def _word(state: State, image: str, now: str) -> Json:
    match state:
        case State.STARTING:
            return {"waiting": {"reason": "ContainerCreating"}}
        case State.READY:
            return {"running": {"startedAt": now}}
        case State.CRASHING:
            back_off = "back-off 5m0s restarting failed container"
            return {"waiting": {"reason": "CrashLoopBackOff", "message": back_off}}
        case State.MISSING:
            return {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}}
        case State.SUCCEEDED:
            return {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
        case State.FAILED:
            return {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}}


def _pinned(pod: Json) -> str | None:
    """The pods of a DaemonSet name their node in an affinity."""
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    terms: Sequence[Json] = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get(
        "nodeSelectorTerms", []
    )
    for term in terms:
        for field in term.get("matchFields", []):
            name: str = field["values"][0]
            return name
    return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
