"""What was seen of a unit's resources, as a figure for gates: from the last look, or from one now where that is old."""

import fnmatch
from collections.abc import Iterator

from reconciler.model.analysis import StateQuery
from reconciler.model.canonical import Json
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Present, Unknown
from reconciler.model.sighting import Sighting
from reconciler.policy.condition import ConditionMistake, Fault
from reconciler.policy.extraction import seen_by
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Broken, WorldError
from reconciler.ports.metrics import Reading
from reconciler.providers.metrics_http import taken
from reconciler.providers.remembering import Remembering


async def read(seen: Remembering, query: StateQuery, clock: Clock) -> Reading:
    """Ask what was seen; raise WorldError where nobody has looked, or one of the resources could not be seen."""
    sightings = await seen.of(UnitId.parse(query.unit), query.max_age)
    found: list[Json] = [each for sighting in sightings for each in _resources(sighting, query, clock)]
    if not found:
        raise Broken(f"nothing that was looked at in {query.unit} is named {query.resource} on {query.target}")
    try:
        return taken(seen_by(query.value).value({"seen": found}), query.value)
    except (Fault, ConditionMistake) as error:
        raise Broken(f"{query.value} cannot be said of {query.resource}: {error}") from error


def _resources(sighting: Sighting, query: StateQuery, clock: Clock) -> Iterator[Json]:
    if not fnmatch.fnmatchcase(sighting.target, query.target):
        return
    for ref, observation in sighting.seen.items():
        if not fnmatch.fnmatchcase(ref, query.resource):
            continue
        kind, _, name = ref.partition(":")
        if isinstance(observation, Unknown) or sighting.trouble:
            why = observation.reason if isinstance(observation, Unknown) else sighting.trouble
            raise WorldError(f"{ResourceId(sighting.unit, sighting.target, kind, name)} cannot be seen: {why}")
        there = observation if isinstance(observation, Present) else Present({})
        yield {
            "resource": ref,
            "target": sighting.target,
            "present": isinstance(observation, Present),
            "attributes": there.attributes,
            "status": there.status,
            "age": max(0.0, (clock.now() - sighting.at).total_seconds()),
        }
