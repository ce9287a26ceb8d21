"""Load balancers are asked every few seconds, also at rest: one that forgot what it was told wakes the loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.daemon.logs import log
from reconciler.daemon.watch import RINGS, wait_before_ring
from reconciler.model.identity import UnitId
from reconciler.model.resource import Routes, Unknown
from reconciler.model.target import Host
from reconciler.model.traffic import Router
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
class RoutesWatch:
    """Asks the routers of all units that Git names. ``desired`` gives the newest state, None before the first."""

    desired: Callable[[], Desired | None]
    routers: Routers
    ring: Callable[[], None]
    clock: Clock

    async def keep(self) -> None:
        """Ask without end, and ring when a router says something else than in the last round, or was not in it.

        What it said between the look of a pass and the first round is in no round; so the first one rings, too.
        """
        before: Mapping[UnitId, Heard] = {}
        rung: list[datetime] = []
        while True:
            wanted, hosts = self._wanted()
            try:
                now = {unit: heard(told) for unit, told in (await ask_routers(wanted, hosts, self.routers)).items()}
            except Exception:  # noqa: BLE001 - the outermost place of a task; nothing may be lost
                log.exception("internal error; load balancers are looked at at intervals only")
                return
            changed = [unit for unit in now if unit not in before or now[unit] != before[unit]]
            if changed:
                log.debug("load balancers say something new", units=[str(unit) for unit in changed])
                await self.clock.sleep(wait_before_ring(rung, self.clock.now()))
                rung = [*rung[1 - RINGS :], self.clock.now()]
                self.ring()
            before = now
            await self.clock.sleep(self.clock.jitter(PERIOD * (1 + len(wanted) // ASKED_IN_A_PERIOD)))

    def _wanted(self) -> tuple[Mapping[UnitId, Router], Mapping[str, Host]]:
        desired = self.desired()
        if desired is None:
            return {}, {}
        return {unit.id: unit.traffic for unit in desired.units.values() if unit.traffic}, desired.hosts
