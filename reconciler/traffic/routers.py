"""All routers in one: each is told and asked in its own way."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from reconciler.model.target import Target, hosts_among
from reconciler.model.traffic import HaproxyRouter, NginxRouter, Route, Router, Share
from reconciler.ports.shell import Shell
from reconciler.traffic.haproxy import HaproxyRouters
from reconciler.traffic.nginx import NginxRouters


class HostRouters:
    """``ports.router.Routers`` for load balancers on hosts, over a Shell."""

    def __init__(self, shell: Shell) -> None:
        self._haproxy = HaproxyRouters(shell)
        self._nginx = NginxRouters(shell)

    async def weights(self, router: Router, hosts: Mapping[str, Target]) -> Mapping[str, tuple[Route, ...]]:
        """Return what each load balancer says of the router's members."""
        match router:
            case HaproxyRouter():
                return await self._haproxy.weights(router, hosts_among(hosts))
            case NginxRouter():
                return await self._nginx.weights(router, hosts_among(hosts))
            case _:
                assert_never(router)

    async def set_weights(self, router: Router, shares: Sequence[Share], hosts: Mapping[str, Target]) -> None:
        """Give these members these weights on every load balancer, and read them back."""
        match router:
            case HaproxyRouter():
                await self._haproxy.set_weights(router, shares, hosts_among(hosts))
            case NginxRouter():
                await self._nginx.set_weights(router, shares, hosts_among(hosts))
            case _:
                assert_never(router)

    async def drain(self, router: Router, servers: Sequence[str], hosts: Mapping[str, Target]) -> None:
        """Send no new requests to these members; those under way go on."""
        match router:
            case HaproxyRouter():
                await self._haproxy.drain(router, servers, hosts_among(hosts))
            case NginxRouter():
                await self._nginx.drain(router, servers, hosts_among(hosts))
            case _:
                assert_never(router)

    async def mirror(self, router: Router, servers: Sequence[str], percent: int, hosts: Mapping[str, Target]) -> None:
        """Send copies of so many percent of the requests to these members; 0 ends it."""
        match router:
            case HaproxyRouter():
                await self._haproxy.mirror(router, servers, percent, hosts_among(hosts))
            case NginxRouter():
                await self._nginx.mirror(router, servers, percent, hosts_among(hosts))
            case _:
                assert_never(router)
