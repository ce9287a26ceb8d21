"""Where the contract suites of routers run: real load balancers in the lab, and simulated ones."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Protocol

import pytest

from reconciler.model.target import Become, Host
from reconciler.model.traffic import HaproxyRouter, Member, NginxRouter, Route, Router, Share
from reconciler.ports.router import Routers
from reconciler.providers.no_clusters import NoClusters
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from reconciler.simulate.routers import SimRouters
from reconciler.traffic.routers import AllRouters
from tests import factory
from tests.conftest import unavailable
from tests.lab import app, balancer, hosts, machine
from tests.lab.app import App
from tests.lab.hosts import LabHost
from tests.lab.image import BALANCER
from tests.providers.secret_values import SecretValues
from tests.sim.clock import SimClock

NAMES = ("lb-1", "lb-2")


class World(Protocol):
    """Two load balancers in front of two servers, all of them told nothing yet."""

    routers: Routers
    router: Router

    @property
    def hosts(self) -> Mapping[str, Host]: ...
    async def forget(self, name: str) -> None: ...
    async def away(self, name: str) -> None: ...
    def let_time_pass(self) -> None: ...
    async def stop(self) -> None: ...


class Simulated:
    def __init__(self) -> None:
        self.router: Router = HaproxyRouter(
            hosts=NAMES, backend="shop", members=(Member("web-1", "web-1"), Member("web-2", "web-2"))
        )
        self._clock = SimClock(factory.NOW)
        self._sim = SimRouters(self._clock, lambda _: True, lambda _: None)
        self.routers: Routers = self._sim
        self.hosts = {name: factory.host(name) for name in NAMES}

    async def forget(self, name: str) -> None:
        self._sim.reload(name)

    async def away(self, name: str) -> None:
        self._sim.away.add(name)

    def let_time_pass(self) -> None:
        self._clock.jump(self._clock.now() + timedelta(seconds=1))

    async def stop(self) -> None:
        pass


class Real:
    """Load balancers in the lab, each with two apps on its own host, so that two hosts are enough."""

    def __init__(self, machines: Mapping[str, LabHost], router: Router, user: str = "deploy") -> None:
        self.machines = machines
        self.router = router
        self.user = user
        key = next(iter(machines.values())).client_key
        options = SshOptions(identities=(key,), agent=False, connect_timeout=timedelta(seconds=3))
        self.shell = SshShell(options, lambda: self.hosts, SecretValues({}))
        self.routers: Routers = AllRouters(self.shell, NoClusters())
        self._cut: set[str] = set()

    @property
    def hosts(self) -> Mapping[str, Host]:
        return {name: self._host(name, made) for name, made in self.machines.items()}

    def _host(self, name: str, made: LabHost) -> Host:
        return Host(
            name=name,
            environment="testing",
            address=made.address,
            user=self.user,
            become=Become.SUDO if self.user == "deploy" else Become.NONE,
            host_key=made.host_key,
            labels={},
        )

    async def sh(self, name: str, command: str) -> str:
        return await asyncio.to_thread(self.machines[name].sh, command)

    async def forget(self, name: str) -> None:
        if isinstance(self.router, HaproxyRouter):
            await asyncio.to_thread(balancer.reload_haproxy, self.machines[name])
        else:
            lines = "".join(f"server {member.server};\\n" for member in self.router.members)
            await self.sh(name, f"printf '{lines}' >{balancer.INCLUDE} && nginx -s reload")

    async def away(self, name: str) -> None:
        await asyncio.to_thread(self.machines[name].disconnect)
        self._cut.add(name)

    def let_time_pass(self) -> None:
        pass

    async def stop(self) -> None:
        await self.shell.close()
        for name in self._cut:
            await asyncio.to_thread(self.machines[name].connect)


PORTS = {"web-1": 9001, "web-2": 9002}
SERVERS = {name: f"127.0.0.1:{port}" for name, port in PORTS.items()}
HAPROXY = HaproxyRouter(
    hosts=NAMES, backend=balancer.BACKEND, members=tuple(Member(name, name) for name in sorted(SERVERS))
)
NGINX = NginxRouter(
    hosts=NAMES,
    upstream=balancer.BACKEND,
    include=balancer.INCLUDE,
    mirror=balancer.MIRROR,
    members=tuple(Member(name, SERVERS[name]) for name in sorted(SERVERS)),
)


@pytest.fixture(scope="session")
def balancers() -> Iterator[Mapping[str, LabHost]]:
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    with hosts.opened() as lab:
        made = {name: lab.host(name, BALANCER) for name in NAMES}
        for each in made.values():
            for name, port in PORTS.items():
                app.install(each, App(version=name, port=port, slot=name, name=name))
        yield made


async def haproxy_of(balancers: Mapping[str, LabHost], user: str = "deploy") -> Real:
    for each in balancers.values():
        await asyncio.to_thread(each.sh, "systemctl stop nginx")
        await asyncio.to_thread(balancer.with_haproxy, each, SERVERS)
    return Real(balancers, HAPROXY, user)


async def nginx_of(balancers: Mapping[str, LabHost], user: str = "deploy") -> Real:
    for each in balancers.values():
        await asyncio.to_thread(each.sh, "systemctl stop haproxy")
        await asyncio.to_thread(balancer.with_nginx, each, SERVERS.values())
    return Real(balancers, NGINX, user)


REAL = {"haproxy": haproxy_of, "nginx": nginx_of}


@pytest.fixture
async def haproxy(balancers: Mapping[str, LabHost]) -> AsyncIterator[Real]:
    made = await haproxy_of(balancers)
    yield made
    await made.stop()


@pytest.fixture
async def nginx(balancers: Mapping[str, LabHost]) -> AsyncIterator[Real]:
    made = await nginx_of(balancers)
    yield made
    await made.stop()


async def seen(world: World) -> dict[str, tuple[int, ...]]:
    """The weights of the members in their order, by load balancer."""
    told = await world.routers.weights(world.router, world.hosts)
    servers = [member.server for member in world.router.members]
    assert all([route.server for route in routes] == servers for routes in told.values())
    return {name: tuple(route.weight for route in routes) for name, routes in told.items()}


async def until(true: Callable[[Mapping[str, tuple[Route, ...]]], bool], world: World) -> None:
    async with asyncio.timeout(20):
        while not true(await world.routers.weights(world.router, world.hosts)):
            world.let_time_pass()


def shares(world: World, *weights: int) -> tuple[Share, ...]:
    return tuple(Share(member.server, weight) for member, weight in zip(world.router.members, weights, strict=False))
