"""Targets of every sort in one: each is looked at, changed and watched by the provider of its sort."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.resource import Resource, Survey
from reconciler.model.target import Sort, Target
from reconciler.ports.targets import Transaction, WatchableOf


class AllTargets:
    """``ports.targets.Watchable``. A new sort of target is a provider more in the mapping."""

    def __init__(self, by_sort: Mapping[Sort, WatchableOf[Any]]) -> None:
        self._by_sort = by_sort

    async def survey(self, target: Target, resources: Sequence[Resource]) -> Survey:
        """Look at the resources."""
        return await self._by_sort[target.sort].survey(target, resources)

    async def apply(self, target: Target, transaction: Transaction) -> None:
        """Do all of it, or raise."""
        await self._by_sort[target.sort].apply(target, transaction)

    async def check(self, target: Target, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        return await self._by_sort[target.sort].check(target, check)

    async def changes(
        self, target: Target, resources: Sequence[Resource], period: timedelta
    ) -> AsyncGenerator[None, None]:
        """Yield whenever the resources are not as the last survey of them saw them."""
        async with aclosing(self._by_sort[target.sort].changes(target, resources, period)) as changes:
            async for _ in changes:
                yield
