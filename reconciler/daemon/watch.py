"""Hosts that watch themselves: the loop is woken when one of them is not as the last pass saw it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.daemon.logs import log
from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.resource import Resource, Survey, Unknown
from reconciler.model.target import Target
from reconciler.ports.clock import Clock
from reconciler.ports.errors import WorldError
from reconciler.ports.targets import Transaction, Watchable

MOST_WATCHED = 500
"""So many hosts are watched; the others are looked at at intervals only."""

RINGS = 6
"""So often a minute a host may wake the loop. What comes more often waits, and all of it is one ring then."""

_MINUTE = timedelta(minutes=1)
_FIRST_REST, _LONGEST_REST = timedelta(seconds=1), timedelta(minutes=1)


def wait_before_ring(rung: Sequence[datetime], now: datetime) -> timedelta:
    """Return how long a host that has rung at these times, oldest first, has to wait until it may ring again."""
    recent = [at for at in rung if now - at < _MINUTE]
    return recent[-RINGS] + _MINUTE - now if len(recent) >= RINGS else timedelta(0)


@dataclass(frozen=True, slots=True)
class _Watched:
    host: Target
    resources: tuple[Resource, ...]
    task: asyncio.Task[None]


class Watch:
    """``ports.targets.Targets`` for passes: what a pass has seen of a host is watched from then on, by the host itself.

    ``hosts`` gives those that Git names now: what changes on another one is of no interest any longer.
    """

    def __init__(
        self,
        targets: Watchable,
        hosts: Callable[[], Mapping[str, Target]],
        ring: Callable[[], None],
        period: timedelta,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._hosts = hosts
        self._ring = ring
        self._period = period
        self._clock = clock
        self._watched: dict[str, _Watched] = {}
        self._full = False

    async def survey(self, host: Target, resources: Sequence[Resource]) -> Survey:
        """Look at the resources, and watch them if they could be looked at."""
        survey = await self._targets.survey(host, resources)
        if not all(isinstance(seen, Unknown) for seen in survey.observations.values()):
            self._begin(host, tuple(resources))
        return survey

    async def apply(self, host: Target, transaction: Transaction) -> None:
        """Do all of it."""
        await self._targets.apply(host, transaction)

    async def check(self, host: Target, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        return await self._targets.check(host, check)

    async def close(self) -> None:
        """Watch nothing any longer."""
        tasks = [watched.task for watched in self._watched.values()]
        self._watched.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, host: Target, resources: tuple[Resource, ...]) -> None:
        there = self._watched.get(host.name)
        if there is not None:
            if there.host == host and there.resources == resources:
                return
            there.task.cancel()
        elif len(self._watched) >= MOST_WATCHED:
            self._tell_that_it_is_full()
            return
        task = asyncio.create_task(self._keep_watching(host, resources), name=f"watch {host.name}")
        self._watched[host.name] = _Watched(host, resources, task)

    def _tell_that_it_is_full(self) -> None:
        if not self._full:
            self._full = True
            log.warning("more targets than can be watched; the others are looked at at intervals", watched=MOST_WATCHED)

    async def _keep_watching(self, host: Target, resources: tuple[Resource, ...]) -> None:
        rest = _FIRST_REST
        rung: list[datetime] = []
        while self._hosts().get(host.name) == host:
            try:
                async with aclosing(self._targets.changes(host, resources, self._period)) as changes:
                    async for _ in changes:
                        rest = _FIRST_REST
                        await self._clock.sleep(wait_before_ring(rung, self._clock.now()))
                        rung = [*rung[1 - RINGS :], self._clock.now()]
                        self._ring()
            except WorldError as error:
                log.debug("a target cannot be watched now", target=host.name, reason=str(error))
            except Exception:  # noqa: BLE001 - the outermost place of a task; nothing may be lost
                log.exception("internal error; the target is looked at at intervals only", target=host.name)
                return
            await self._clock.sleep(self._clock.jitter(rest))
            rest = min(rest * 2, _LONGEST_REST)
        self._watched.pop(host.name, None)
