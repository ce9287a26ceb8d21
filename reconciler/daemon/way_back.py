"""The way back is planned as soon as a rollout needs it, from a look at its unit alone.

A pass looks at the whole fleet, and waits for hosts that are away. A revert does not wait for that.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.daemon.one_pass import follows
from reconciler.daemon.world import World
from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.plan import Plan
from reconciler.model.resource import Resource, Survey
from reconciler.model.rollout import Rollout
from reconciler.model.target import Target
from reconciler.model.traffic import Route, Router, Share
from reconciler.ports.errors import TimedOut
from reconciler.ports.router import Routers
from reconciler.ports.targets import Targets, Transaction

LOOK = timedelta(seconds=5)
"""How long a target of the unit is waited for; one that does not answer is taken back when it is back."""

LOOK_AT_TROUBLE = timedelta(milliseconds=500)
"""The same for a target of which the rollout knows already that something is wrong with it."""


async def way_back(world: World, rollout: Rollout) -> Plan | None:
    """Return the plan that takes the rollout back; None where that is for a pass to say."""
    desired = world.commits.newest.desired
    if desired is None:
        return None
    standing = await world.journal.standing()
    known = standing.of(rollout.unit)
    own = {unit: each for unit, each in desired.units.items() if unit == rollout.unit}
    _, plan = await world.log.load(rollout.id)
    troubled = {failure.target for failure in rollout.failures} | {each.target for each in plan.left_out}
    narrow = replace(
        world,
        targets=Hasty(world.targets, dict.fromkeys(troubled, LOOK_AT_TROUBLE)),
        routers=HastyRouters(world.routers),
    )
    alone = replace(standing, units={rollout.unit: known})
    review = await follows(narrow, replace(desired, units=own), alone)
    assessment = next((each for each in review.assessments if each.unit == rollout.unit), None)
    return assessment.plan if assessment and not assessment.signal and not assessment.waiting else None


@dataclass(frozen=True, slots=True)
class Hasty:
    """Targets that are not waited for any longer than LOOK, some of them shorter (``limits``, by name)."""

    targets: Targets
    limits: Mapping[str, timedelta]

    async def survey(self, host: Target, resources: Sequence[Resource]) -> Survey:
        """Look, or raise TimedOut."""
        limit = self.limits.get(host.name, LOOK)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self.targets.survey(host, resources)
        except TimeoutError as error:
            raise TimedOut(f"{host.name} did not answer within {limit.total_seconds():g} s") from error

    async def apply(self, host: Target, transaction: Transaction) -> None:
        """Do it, as long as it takes."""
        await self.targets.apply(host, transaction)

    async def check(self, host: Target, check: HealthCheck) -> CheckResult:
        """Ask the check."""
        return await self.targets.check(host, check)


@dataclass(frozen=True, slots=True)
class HastyRouters:
    """Load balancers that are not waited for any longer than LOOK_AT_TROUBLE: the way back does not need their word."""

    routers: Routers

    async def weights(self, router: Router, hosts: Mapping[str, Target]) -> Mapping[str, tuple[Route, ...]]:
        """Ask, or raise TimedOut."""
        seconds = LOOK_AT_TROUBLE.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self.routers.weights(router, hosts)
        except TimeoutError as error:
            raise TimedOut(f"{', '.join(hosts)} did not answer within {seconds:g} s") from error

    async def set_weights(self, router: Router, shares: Sequence[Share], hosts: Mapping[str, Target]) -> None:
        """Give these members these weights."""
        await self.routers.set_weights(router, shares, hosts)

    async def drain(self, router: Router, servers: Sequence[str], hosts: Mapping[str, Target]) -> None:
        """Send no new requests to these members."""
        await self.routers.drain(router, servers, hosts)

    async def mirror(self, router: Router, servers: Sequence[str], percent: int, hosts: Mapping[str, Target]) -> None:
        """Send copies of requests to these members."""
        await self.routers.mirror(router, servers, percent, hosts)
