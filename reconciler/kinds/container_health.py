"""How a container does, by what the engine says of it. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.kinds.docker_words import one, path
from reconciler.model.health import CheckResult, ResourceCheck, Timing
from reconciler.model.target import Sort
from reconciler.ports.reads import Ask, Get

_TIMING = Timing(period=timedelta(seconds=2), timeout=timedelta(seconds=10), failure_threshold=1)
# A container that was just started has shown nothing yet; one that was just restarted by itself shows enough.
_STARTING, _LOOPING = 2, 15


def check(name: str) -> ResourceCheck:
    """Return the check that a container brings along. What the engine says is sure: the first bad word counts."""
    subject = json.dumps({"name": name})
    return ResourceCheck(ref=f"container:{name}", subject=subject, on=Sort.DOCKER_ENGINE, timing=_TIMING)


def asked(subject: str) -> Ask:
    """Ask for the container, and for its line in the list, which says by the engine's own clock how long it runs."""
    name = json.loads(subject)["name"]
    only = json.dumps({"name": [f"^/{name.replace('.', '[.]')}$"]})
    listed = Get(path="/containers/json", query=(("all", "1"), ("filters", only)))
    return Ask((Get(path=path("containers", name, "json")), listed))


def judged(subject: str, answer: Sequence[str]) -> CheckResult:
    """Return how the container does; one that starts, or whose healthcheck has not said anything yet, is pending."""
    name, there = json.loads(subject)["name"], one(answer)
    if there is None:
        return _bad(f"there is no container {name}")
    state, restarts = there["State"], there.get("RestartCount") or 0
    listed = json.loads(answer[1]) if len(answer) > 1 and answer[1] else []
    up = seconds_up(listed[0].get("Status", "")) if listed else None
    match state["Status"]:
        case "running":
            pass
        case "created":
            return _pending(f"{name} is not started yet")
        case "restarting":
            return _bad(f"{name} ends again and again: {_ended(state)}, {restarts} restarts")
        case other:
            return _bad(f"{name} is {other}: {_ended(state)}" if other == "exited" else f"{name} is {other}")
    if restarts and up is not None and up < _LOOPING:
        return _bad(f"{name} ended {up} s ago and was restarted, {restarts} times so far")
    return _by_healthcheck(name, state.get("Health"), up)


def _by_healthcheck(name: str, health: Mapping[str, Any] | None, up: int | None) -> CheckResult:
    match (health or {}).get("Status"):
        case "healthy":
            return CheckResult(healthy=True, detail=f"{name} runs and is healthy")
        case "starting":
            return _pending(f"{name} runs; its healthcheck has not said yet")
        case "unhealthy":
            log = (health or {}).get("Log") or [{}]
            said = " ".join(str(log[-1].get("Output", "")).split())[:200]
            return _bad(f"{name} is unhealthy" + (f": {said}" if said else ""))
        case _ if up is not None and up < _STARTING:
            return _pending(f"{name} was just started")
        case _:
            return CheckResult(healthy=True, detail=f"{name} runs")


def seconds_up(status: str) -> int | None:
    """Return for how many seconds a container runs by its line in the list; None for longer than a minute or not."""
    if re.match(r"Up Less than a second", status):
        return 0
    found = re.match(r"Up (\d+) seconds?\b", status)
    return int(found[1]) if found else None


def _ended(state: Mapping[str, Any]) -> str:
    why = "it had no memory left" if state.get("OOMKilled") else f"exit {state.get('ExitCode')}"
    return f"{why}: {state['Error']}" if state.get("Error") else why


def _bad(detail: str) -> CheckResult:
    return CheckResult(healthy=False, detail=detail)


def _pending(detail: str) -> CheckResult:
    return CheckResult(healthy=False, detail=detail, pending=True)
