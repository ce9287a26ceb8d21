"""Load balancers are asked every few seconds, also at rest: one that forgot what it was told wakes the loop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.daemon.logs import log
from reconciler.daemon.watch import RINGS, wait_before_ring
from reconciler.model.identity import UnitId
from reconciler.model.resource import Routes, Unknown
from reconciler.model.target import Target
from reconciler.model.traffic import Route, Router, Share
from reconciler.model.unit import Desired
from reconciler.observe import ask_routers
from reconciler.ports.clock import Clock
from reconciler.ports.router import Routers

PERIOD = timedelta(seconds=2)
ASKED_IN_A_PERIOD = 50
"""With more routers than this the rounds come less often."""

Heard: TypeAlias = Mapping[str, frozenset[tuple[str, int, bool]]] | None
"""By load balancer: each server, its weight, whether it serves. None: it cannot be asked, whatever the reason."""


def heard(routes: Routes) -> Heard:
    """Return of an answer what a pass would decide by; how many requests are under way changes all the time."""
    if isinstance(routes, Unknown):
        return None
    return {name: frozenset((each.server, each.weight, each.serving) for each in told) for name, told in routes.items()}


@dataclass(slots=True)
class RoutesSeen:
    """``ports.router.Routers`` for passes: what they were answered last, and how often they asked, is kept."""

    routers: Routers
    last: dict[Router, tuple[int, Heard]] = field(default_factory=dict)

    async def weights(self, router: Router, hosts: Mapping[str, Target]) -> Mapping[str, tuple[Route, ...]]:
        """Ask, and keep the answer."""
        said: Heard = None
        try:
            answer = await self.routers.weights(router, hosts)
            said = heard(answer)
            return answer
        finally:
            self.last[router] = (self.last.get(router, (0, None))[0] + 1, said)

    async def set_weights(self, router: Router, shares: Sequence[Share], hosts: Mapping[str, Target]) -> None:
        """Pass it on."""
        await self.routers.set_weights(router, shares, hosts)

    async def drain(self, router: Router, servers: Sequence[str], hosts: Mapping[str, Target]) -> None:
        """Pass it on."""
        await self.routers.drain(router, servers, hosts)

    async def mirror(self, router: Router, servers: Sequence[str], percent: int, hosts: Mapping[str, Target]) -> None:
        """Pass it on."""
        await self.routers.mirror(router, servers, percent, hosts)


@dataclass(slots=True)
class RoutesWatch:
    """Asks the routers of all units that Git names. ``desired`` gives the newest state, None before the first."""

    desired: Callable[[], Desired | None]
    seen: RoutesSeen
    ring: Callable[[], None]
    clock: Clock

    async def keep(self) -> None:
        """Ask without end, and ring once for every answer that is not the one which the last pass was given."""
        told: dict[Router, tuple[int, Heard]] = {}
        rung: list[datetime] = []
        while True:
            wanted, hosts = self._wanted()
            try:
                answers = await ask_routers(wanted, hosts, self.seen.routers)
            except Exception:  # noqa: BLE001 - the outermost place of a task; nothing may be lost
                log.exception("internal error; load balancers are looked at at intervals only")
                return
            new = [unit for unit, routes in answers.items() if self._is_new(wanted[unit], heard(routes), told)]
            if new:
                log.debug("load balancers say something new", units=[str(unit) for unit in new])
                await self.clock.sleep(wait_before_ring(rung, self.clock.now()))
                rung = [*rung[1 - RINGS :], self.clock.now()]
                self.ring()
            await self.clock.sleep(self.clock.jitter(PERIOD * (1 + len(wanted) // ASKED_IN_A_PERIOD)))

    def _is_new(self, router: Router, now: Heard, told: dict[Router, tuple[int, Heard]]) -> bool:
        looks, seen = self.seen.last.get(router, (0, None))
        if looks and now == seen:
            return False
        # While no pass looks (a rollout has the unit in hand), the same answer wakes nobody twice.
        before, told[router] = told.get(router), (looks, now)
        return before != told[router]

    def _wanted(self) -> tuple[Mapping[UnitId, Router], Mapping[str, Target]]:
        desired = self.desired()
        if desired is None:
            return {}, {}
        return {unit.id: unit.traffic for unit in desired.units.values() if unit.traffic}, desired.targets
