"""Simulated load balancers: the weights each has, and what makes them forget or go away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.model.target import Target
from reconciler.model.traffic import Member, Route, Router, Share, members_at
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Unreachable

FULL = 100
EMPTIES_IN = timedelta(seconds=3)
"""How long requests under way take to end."""


@dataclass(slots=True)
class SimRouters:
    """Implements ``ports.router.Routers``.

    ``serves`` says whether the app answers on a member; ``away`` are load balancers that nobody reaches. ``told`` hears
    a load balancer's name when its weights have changed.
    """

    clock: Clock
    serves: Callable[[Member], bool]
    told: Callable[[str], None]
    away: set[str] = field(default_factory=set)
    mirrored: dict[str, int] = field(default_factory=dict)
    _weights: dict[str, dict[str, int]] = field(default_factory=dict)
    _emptied: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def weights(self, router: Router, hosts: Mapping[str, Target]) -> Mapping[str, tuple[Route, ...]]:
        """Return what each load balancer says of the router's members."""
        self._reach(hosts)
        return {name: tuple(self._route(name, one) for one in members_at(router, name)) for name in hosts}

    async def set_weights(self, router: Router, shares: Sequence[Share], hosts: Mapping[str, Target]) -> None:
        """Give these members these weights on every load balancer that can be reached; raise for the others."""
        for name in hosts:
            if name not in self.away:
                self._set(name, {share.server: share.weight for share in shares})
        self._reach(hosts)

    async def drain(self, router: Router, servers: Sequence[str], hosts: Mapping[str, Target]) -> None:
        """Send no new requests to these members."""
        await self.set_weights(router, [Share(server, 0) for server in servers], hosts)

    async def mirror(self, router: Router, servers: Sequence[str], percent: int, hosts: Mapping[str, Target]) -> None:
        """Send copies of so many percent of the requests to these members."""
        self._reach(hosts)
        self.mirrored = dict.fromkeys(servers, percent) if percent else {}

    def reload(self, name: str) -> None:
        """Have the load balancer forget what it was told: everybody gets requests again."""
        self._set(name, dict.fromkeys(self._weights.get(name, {}), FULL))

    def weight(self, name: str, server: str) -> int:
        """Return the weight of a server on a load balancer; before anybody said something it is full."""
        return self._weights.get(name, {}).get(server, FULL)

    def share(self, router: Router, chosen: Callable[[Member], bool]) -> float:
        """Return how many percent of the requests go to the chosen members, over all load balancers."""
        pairs = [
            (member, self.weight(name, member.server)) for name in router.hosts for member in members_at(router, name)
        ]
        total = sum(weight for _, weight in pairs)
        return 100 * sum(weight for member, weight in pairs if chosen(member)) / total if total else 0.0

    def _reach(self, hosts: Mapping[str, Target]) -> None:
        if gone := sorted(self.away & hosts.keys()):
            raise Unreachable(f"cannot reach {gone[0]}: no route to host")

    def _set(self, name: str, weights: Mapping[str, int]) -> None:
        there = self._weights.setdefault(name, {})
        for server, weight in weights.items():
            if weight == 0 and there.get(server, FULL) > 0:
                self._emptied[name, server] = self.clock.now() + EMPTIES_IN
            there[server] = weight
        self.told(name)

    def _route(self, name: str, member: Member) -> Route:
        weight = self.weight(name, member.server)
        under_way = weight > 0 or self.clock.now() < self._emptied.get((name, member.server), self.clock.now())
        return Route(member.server, weight, serving=self.serves(member), in_flight=5 if under_way else 0)
