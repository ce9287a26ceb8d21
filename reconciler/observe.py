"""Stage 2. Desired state in, observations out: one round trip a target, all targets side by side."""

import asyncio
from collections.abc import Mapping, Sequence

from reconciler.model.canonical import Digest
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Observation, Resource, Survey, Unknown
from reconciler.model.target import Host
from reconciler.ports.errors import WorldError
from reconciler.ports.targets import Targets

MOST_AT_ONCE = 200


async def look(scope: Mapping[str, Sequence[Resource]], hosts: Mapping[str, Host], targets: Targets) -> Survey:
    """Return what was seen of everything in scope; what could not be looked at is Unknown, and nothing is raised."""
    room = asyncio.Semaphore(MOST_AT_ONCE)

    async def look_at(target: str, resources: Sequence[Resource]) -> Survey:
        if target not in hosts:
            return _unknown(resources, f"{target} is no longer a host in Git")
        try:
            async with room:
                return await targets.survey(hosts[target], resources)
        except WorldError as error:
            return _unknown(resources, str(error))

    surveys = await asyncio.gather(*(look_at(target, resources) for target, resources in scope.items()))
    observations: dict[ResourceId, Observation] = {}
    contents: dict[Digest, bytes] = {}
    for survey in surveys:
        observations.update(survey.observations)
        contents.update(survey.contents)
    return Survey(observations, contents)


def _unknown(resources: Sequence[Resource], reason: str) -> Survey:
    return Survey({resource.id: Unknown(reason) for resource in resources})
