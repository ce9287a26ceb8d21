"""What a look saw, as it is remembered: by unit and target, and never less than what was known before."""

import fnmatch
from dataclasses import replace
from datetime import datetime

from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Observation, Survey, Unknown
from reconciler.model.sighting import Sighting


def sighted(survey: Survey, at: datetime) -> tuple[Sighting, ...]:
    """Return what was seen, by unit and target."""
    found: dict[tuple[UnitId, str], dict[str, Observation]] = {}
    for resource, seen in survey.observations.items():
        found.setdefault((resource.unit, resource.target), {})[resource.ref] = seen
    return tuple(Sighting(unit=unit, target=target, at=at, seen=seen) for (unit, target), seen in found.items())


def after(before: Sighting | None, now: Sighting) -> Sighting:
    """Return what is known after one more look: where it saw nothing, what was seen before, with the reason."""
    if before is None or before.at > now.at:
        return now
    reasons = [seen.reason for seen in now.seen.values() if isinstance(seen, Unknown)]
    if len(reasons) < len(now.seen):
        return now
    return replace(before, trouble=next(iter(reasons), ""), tried=now.at)


def fits(what: str, resource: ResourceId) -> bool:
    """Whether the text names the resource: its name, its unit's, or a pattern for either."""
    return any(fnmatch.fnmatchcase(name, what) for name in (str(resource), str(resource.unit)))
