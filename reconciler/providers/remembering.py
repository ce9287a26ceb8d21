"""Targets whose looks are remembered: what was seen last of every unit on every target, for those who ask later."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.identity import UnitId
from reconciler.model.resource import Observation, Resource, Survey
from reconciler.model.sighting import Facts, Sighting
from reconciler.model.target import Target
from reconciler.policy.sighted import after, sighted
from reconciler.ports.clock import Clock
from reconciler.ports.targets import Transaction, Watchable

FORGOTTEN = timedelta(days=1)
"""What nobody has looked at for so long has left Git, and is asked for no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was seen: what differs from what was handed over before, what was only seen again, and facts."""

    new: tuple[Sighting, ...]
    again: tuple[Sighting, ...]
    facts: tuple[Facts, ...]


class Remembering:
    """``ports.targets.Watchable``, around another. ``taken`` hands over what is new since it was asked last."""

    def __init__(self, targets: Watchable, clock: Clock) -> None:
        self._targets = targets
        self._clock = clock
        self._last: dict[tuple[UnitId, str], Sighting] = {}
        self._looked: dict[tuple[UnitId, str], None] = {}
        self._told: dict[tuple[UnitId, str], Mapping[str, Observation]] = {}
        self._facts: dict[str, Facts] = {}
        self._asked: dict[tuple[UnitId, str], tuple[Target, tuple[Resource, ...]]] = {}

    async def survey(self, target: Target, resources: Sequence[Resource]) -> Survey:
        """Look at the resources, and remember what was seen."""
        survey = await self._targets.survey(target, resources)
        self._remember(survey, self._clock.now())
        for unit in {resource.id.unit for resource in resources}:
            self._asked[unit, target.name] = (target, tuple(each for each in resources if each.id.unit == unit))
        return survey

    async def of(self, unit: UnitId, max_age: timedelta) -> tuple[Sighting, ...]:
        """Return what is known of a unit on each target; what is older than that is looked at now."""
        oldest = self._clock.now() - max_age
        forgotten = self._clock.now() - FORGOTTEN
        known = {
            target: each
            for (its, target), each in self._last.items()
            if its == unit and (each.tried or each.at) >= forgotten
        }
        old = [target for target, each in known.items() if each.at < oldest]
        await asyncio.gather(*(self.survey(*self._asked[unit, target]) for target in old))
        return tuple(self._last[unit, target] for target in sorted(known))

    async def apply(self, target: Target, transaction: Transaction) -> None:
        """Do all of it, or raise."""
        await self._targets.apply(target, transaction)

    async def check(self, target: Target, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        return await self._targets.check(target, check)

    async def changes(
        self, target: Target, resources: Sequence[Resource], period: timedelta
    ) -> AsyncGenerator[None, None]:
        """Yield whenever the resources are not as the last survey of them saw them."""
        async with aclosing(self._targets.changes(target, resources, period)) as changes:
            async for _ in changes:
                yield

    def taken(self) -> Taken:
        """Return what was seen since the last call."""
        new: list[Sighting] = []
        again: list[Sighting] = []
        for key in self._looked:
            sighting = self._last[key]
            told = self._told.get(key)
            (again if told is not None and told == sighting.seen else new).append(sighting)
            self._told[key] = sighting.seen
        taken = Taken(new=tuple(new), again=tuple(again), facts=tuple(self._facts.values()))
        self._looked.clear()
        self._facts.clear()
        return taken

    def _remember(self, survey: Survey, at: datetime) -> None:
        for name, facts in survey.facts.items():
            self._facts[name] = Facts(target=name, at=at, facts=facts)
        for sighting in sighted(survey, at):
            key = (sighting.unit, sighting.target)
            self._last[key] = after(self._last.get(key), sighting)
            self._looked[key] = None
