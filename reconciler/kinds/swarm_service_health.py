"""How a service of a Swarm does, by what Swarm says of its update and of its tasks. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.kinds.docker_words import SPEC, one, path
from reconciler.model.canonical import Json, same
from reconciler.model.health import CheckResult, ResourceCheck, Timing
from reconciler.model.target import Sort
from reconciler.ports.reads import Ask, Get

_TIMING = Timing(period=timedelta(seconds=2), timeout=timedelta(seconds=10), failure_threshold=1)
_ENDED = frozenset(("failed", "rejected", "complete", "shutdown", "orphaned", "remove"))
_WRONG = frozenset(("failed", "rejected", "complete"))
# What failed longer ago than this says nothing about now; a task that ended has a successor after a moment.
_RECENT, _MOMENT = timedelta(minutes=5), timedelta(seconds=3)
_OFTEN = 2


def check(name: str, label: str, steady: timedelta) -> ResourceCheck:
    """Return the check that a service brings along; a task counts when it has run for ``steady``."""
    subject = json.dumps({"name": name, "spec": label, "steady": steady.total_seconds()})
    return ResourceCheck(ref=f"swarmService:{name}", subject=subject, on=Sort.SWARM, timing=_TIMING)


def asked(subject: str) -> Ask:
    """Ask for the service and its tasks, and for the time by the manager's clock."""
    name = json.loads(subject)["name"]
    tasks = Get(path="/tasks", query=(("filters", json.dumps({"service": [name]})),))
    return Ask((Get(path=path("services", name)), tasks, Get(path="/info")))


def judged(subject: str, answer: Sequence[str]) -> CheckResult:
    """Return how the service does: well when all its tasks run as was asked for, and no update is under way."""
    wanted, service = json.loads(subject), one(answer)
    name = wanted["name"]
    if service is None:
        return _bad(f"there is no service {name}")
    update = service.get("UpdateStatus") or {}
    state, message = update.get("State") or "", update.get("Message") or ""
    if (service["Spec"].get("Labels") or {}).get(SPEC) != wanted["spec"]:
        if state.startswith("rollback_"):
            return _bad(f"Swarm took the update of {name} back by itself: {message}")
        return _bad(f"{name} is not as it was asked for any more")
    if state in ("paused", "rollback_paused"):
        return _bad(f"Swarm stopped the update of {name}: {message}")
    return _by_tasks(_tasks(service, answer, wanted["steady"]), state, service)


@dataclass(frozen=True, slots=True)
class _Task:
    """``current``: of the service's spec as it is now. ``age`` is since it became what it is."""

    place: str
    state: str
    current: bool
    active: bool
    age: timedelta
    why: str


def _tasks(service: Mapping[str, Any], answer: Sequence[str], steady: float) -> tuple[list[_Task], timedelta]:
    now = datetime.fromisoformat(json.loads(answer[2])["SystemTime"])
    template = _comparable(service["Spec"]["TaskTemplate"])
    listed = [each for each in json.loads(answer[1] or "[]") if each["ServiceID"] == service["ID"]]
    listed.sort(key=lambda each: str(each["CreatedAt"]))
    return [_task(each, template, now) for each in listed], timedelta(seconds=steady)


def _task(task: Mapping[str, Any], template: Json, now: datetime) -> _Task:
    status = task["Status"]
    return _Task(
        place=str(task.get("Slot") or task.get("NodeID")),
        state=status["State"],
        current=same(_comparable(task["Spec"]), template),
        active=status["State"] not in _ENDED and task["DesiredState"] in ("running", "ready"),
        age=now - datetime.fromisoformat(status["Timestamp"]),
        why=status.get("Err") or status.get("Message") or "",
    )


def _comparable(template: Mapping[str, Any]) -> Json:
    """A task's spec is that of the service at its time, but for what is said only there."""
    return {name: value for name, value in template.items() if name != "Runtime" and value}


def _by_tasks(found: tuple[list[_Task], timedelta], state: str, service: Mapping[str, Any]) -> CheckResult:
    (tasks, steady), spec = found, service["Spec"]
    name, current = spec["Name"], [each for each in tasks if each.current]
    active = [each for each in tasks if each.active]
    replicated = spec["Mode"].get("Replicated")
    number = replicated.get("Replicas", 1) if replicated else max(len(active), 1)
    running = [each for each in current if each.active and each.state == "running"]
    if (failing := _failing(current, active)) and not _swarm_decides(spec, state):
        return _bad(f"tasks of {name} fail: {failing.why}")
    why = next((f" ({each.why})" for each in active if each.state == "pending" and each.why), "")
    if state in ("updating", "rollback_started"):
        return _pending(f"{name}: Swarm is at its update, {len(running)} of {number} tasks run as asked for{why}")
    if len(running) != number or len(active) != number:
        return _pending(f"{name}: {len(running)} of {number} tasks run{why}")
    if any(each.age < steady for each in running) and state != "completed":
        return _pending(f"{name}: all tasks run; the newest has to for {steady.total_seconds():g} s")
    return CheckResult(healthy=True, detail=f"{name}: {number} of {number} tasks run")


def _failing(current: Sequence[_Task], active: Sequence[_Task]) -> _Task | None:
    """The last of tasks in one place that end again and again, or of one that is not started again."""
    for place in dict.fromkeys(each.place for each in current):
        here = [each for each in current if each.place == place]
        wrong = [each for each in here if each.state in _WRONG and each.age < _RECENT]
        over = not any(each.place == place for each in active) and here[-1].state in _WRONG
        if len(wrong) >= _OFTEN or (over and here[-1].age > _MOMENT):
            return wrong[-1] if wrong else here[-1]
    return None


def _swarm_decides(spec: Mapping[str, Any], state: str) -> bool:
    """Whether Swarm itself is about to say if this update failed, and takes it back then."""
    return state == "updating" and (spec.get("UpdateConfig") or {}).get("FailureAction") == "rollback"


def _bad(detail: str) -> CheckResult:
    return CheckResult(healthy=False, detail=" ".join(detail.split())[:500])


def _pending(detail: str) -> CheckResult:
    return CheckResult(healthy=False, detail=" ".join(detail.split())[:500], pending=True)
