"""Small phrases that every rendering shares."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from reconciler.control.clean import clean, shortened
from reconciler.model.canonical import Json
from reconciler.model.change import Action, FieldDiff
from reconciler.model.target import Sort

SIGNS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.DELETE: "-",
    Action.RESTORE: "<",
}
COLOURS: Mapping[Action, str] = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.RESTORE: "magenta",
}
MAX_VALUE = 70

_AGES = ((86400, "day"), (3600, "h"), (60, "min"))


SORTS = {
    Sort.HOST: "host",
    Sort.DOCKER_ENGINE: "Docker engine",
    Sort.SWARM: "swarm",
    Sort.KUBERNETES_CLUSTER: "cluster",
    Sort.HTTP_API: "API",
}
"""What people call a target of each sort."""


def ago(then: datetime, now: datetime) -> str:
    """Return ``5 min ago``; ``just now`` below a few seconds, and also when the clocks disagree."""
    age = now - then
    return "just now" if age < timedelta(seconds=5) else f"{lasted(age)} ago"


def lasted(duration: timedelta) -> str:
    """Return a duration in its largest unit: ``40 s``, ``5 min``, ``3 h``, ``12 days``."""
    seconds = max(0, int(duration.total_seconds()))
    for size, unit in _AGES:
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'s' if unit == 'day' and number > 1 else ''}"
    return f"{seconds} s"


def in_future(then: datetime, now: datetime) -> str:
    """Return ``in 5 min (12:30:00Z)``; ``any moment`` when it is past."""
    return f"in {lasted(then - now)} ({then:%H:%M:%SZ})" if then > now else "any moment"


def value(of: Json) -> str:
    """Return a value of a field as one short line."""
    match of:
        case None:
            return "(none)"
        case str() if of.startswith("sha256:") and len(of) > 20:
            return of[:19]
        case _:
            return shortened(clean(json.dumps(of, ensure_ascii=False)), MAX_VALUE)


def difference(action: Action, field: FieldDiff) -> str:
    """Return how a field changes, in one line: ``80 -> 81``; what is made or removed has one side only."""
    if field.path in ("restart", "adopted", "restored") and isinstance(field.after, str):
        return field.after
    if field.path == "restart_pending":
        return "yes, it runs with older inputs than those on the disk"
    if field.secret:
        return "(secret)" if action in (Action.CREATE, Action.DELETE) else "(secret, changed)"
    if action is Action.CREATE:
        return value(field.after)
    if action is Action.DELETE:
        return value(field.before)
    return f"{value(field.before)} -> {value(field.after)}"
