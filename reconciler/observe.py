"""Stage 2. Desired state in, observations out: one round trip a target, all targets side by side."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from reconciler.model.canonical import Digest, Json
from reconciler.model.ground import Ground
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Observation, Resource, Routes, Survey, Unknown
from reconciler.model.target import Target
from reconciler.model.traffic import Router
from reconciler.ports.errors import WorldError
from reconciler.ports.router import Routers
from reconciler.ports.targets import Targets

MOST_AT_ONCE = 200


async def look(scope: Mapping[str, Sequence[Resource]], hosts: Mapping[str, Target], targets: Targets) -> Survey:
    """Return what was seen of everything in scope; what could not be looked at is Unknown, and nothing is raised."""
    room = asyncio.Semaphore(MOST_AT_ONCE)

    async def look_at(target: str, resources: Sequence[Resource]) -> Survey:
        if target not in hosts:
            return _unknown(resources, f"{target} is no longer in Git")
        try:
            async with room:
                return await targets.survey(hosts[target], resources)
        except WorldError as error:
            return _unknown(resources, str(error))

    surveys = await asyncio.gather(*(look_at(target, resources) for target, resources in scope.items()))
    observations: dict[ResourceId, Observation] = {}
    contents: dict[Digest, bytes] = {}
    grounds: dict[str, Ground] = {}
    facts: dict[str, Mapping[str, Json]] = {}
    for survey in surveys:
        observations.update(survey.observations)
        contents.update(survey.contents)
        grounds.update(survey.grounds)
        facts.update(survey.facts)
    return Survey(observations, contents, grounds, facts=facts)


async def ask_routers(
    wanted: Mapping[UnitId, Router], hosts: Mapping[str, Target], routers: Routers
) -> Mapping[UnitId, Routes]:
    """Return what the load balancers of each unit say; Unknown when one of them cannot be asked."""
    room = asyncio.Semaphore(MOST_AT_ONCE)

    async def ask(router: Router) -> Routes:
        try:
            async with room:
                return await routers.weights(router, {name: hosts[name] for name in router.hosts if name in hosts})
        except WorldError as error:
            return Unknown(str(error))

    return dict(zip(wanted, await asyncio.gather(*map(ask, wanted.values())), strict=True))


def settled(survey: Survey, in_hand: Collection[str]) -> Survey:
    """Return the survey with all Unknown that was seen where a change is half-way: nothing may be planned from that.

    ``in_hand`` are the rollouts that have not ended. What they do is seen to by themselves, and concerns no other unit.
    """
    why = {target: reason for target, ground in survey.grounds.items() if (reason := _half_way(ground, in_hand))}
    observations = {
        each: Unknown(why[each.target]) if each.target in why else seen for each, seen in survey.observations.items()
    }
    return replace(survey, observations=observations) if why else survey


def _half_way(ground: Ground, in_hand: Collection[str]) -> str | None:
    running = ground.running
    if running and running.ours and running.transaction.partition("-")[0] not in in_hand:
        return f"a change of an earlier rollout ({running.transaction}) is still under way there"
    return ground.unsettled


def _unknown(resources: Sequence[Resource], reason: str) -> Survey:
    return Survey({resource.id: Unknown(reason) for resource in resources})
