"""Where the contract suites of routers run: real load balancers in the lab, and simulated ones."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Protocol

import pytest

from reconciler.model.canonical import Digest
from reconciler.model.target import Become, Host, Target
from reconciler.model.traffic import (
    HaproxyRouter,
    HttpRouteRouter,
    Member,
    NginxRouter,
    Route,
    Router,
    Share,
    members_at,
)
from reconciler.ports.router import Routers
from reconciler.ports.secrets import Secrets
from reconciler.providers.clock import SystemClock
from reconciler.providers.kubernetes.cluster import Supplies
from reconciler.providers.kubernetes.clusters import Clusters
from reconciler.providers.kubernetes.direct import DirectClusters
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
    """Load balancers in front of two servers, all of them told nothing yet; ``counts``: they count requests."""

    routers: Routers
    router: Router
    counts: bool

    @property
    def hosts(self) -> Mapping[str, Target]: ...
    async def forget(self, name: str) -> None: ...
    async def away(self, name: str) -> None: ...
    async def let_time_pass(self) -> None: ...
    async def stop(self) -> None: ...


class Simulated:
    def __init__(self, router: Router) -> None:
        self.router = router
        self.counts = True
        self._clock = SimClock(factory.NOW)
        self._sim = SimRouters(self._clock, lambda _: True, lambda _: None)
        self.routers: Routers = self._sim
        self.hosts: Mapping[str, Target] = {name: factory.host(name) for name in router.hosts}

    async def forget(self, name: str) -> None:
        self._sim.reload(name)

    async def away(self, name: str) -> None:
        self._sim.away.add(name)

    async def let_time_pass(self) -> None:
        self._clock.jump(self._clock.now() + timedelta(seconds=1))

    async def stop(self) -> None:
        pass


class Real:
    """Load balancers in the lab, each with two apps on its own host, so that two hosts are enough."""

    def __init__(self, machines: Mapping[str, LabHost], router: Router, user: str = "deploy") -> None:
        self.machines = machines
        self.router: Router = router
        self.counts = True
        self.user = user
        key = next(iter(machines.values())).client_key
        options = SshOptions(identities=(key,), agent=False, connect_timeout=timedelta(seconds=3))
        secrets = SecretValues({})
        self.shell = SshShell(options, lambda: self._hosts, secrets)
        self.routers: Routers = AllRouters(self.shell, DirectClusters(clusters_with(secrets)))
        self._cut: set[str] = set()

    @property
    def hosts(self) -> Mapping[str, Target]:
        return self._hosts

    @property
    def _hosts(self) -> Mapping[str, Host]:
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

    async def let_time_pass(self) -> None:
        pass

    async def stop(self) -> None:
        await self.shell.close()
        for name in self._cut:
            await asyncio.to_thread(self.machines[name].connect)


def clusters_with(secrets: Secrets) -> Clusters:
    async def nothing(digest: Digest) -> bytes:
        raise KeyError(digest)

    return Clusters(Supplies(nothing, secrets), SystemClock())


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

SIMULATED: Mapping[str, Router] = {
    "simulated": HaproxyRouter(
        hosts=NAMES, backend="shop", members=(Member("web-1", "web-1"), Member("web-2", "web-2"))
    ),
    "simulated httpRoute": HttpRouteRouter(
        hosts=NAMES,
        namespace="shop",
        route="shop",
        members=tuple(Member(name, f"shop-{slot}", slot) for name in NAMES for slot in ("blue", "green")),
    ),
}


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
    for name, routes in told.items():
        assert [route.server for route in routes] == [each.server for each in members_at(world.router, name)]
    return {name: tuple(route.weight for route in routes) for name, routes in told.items()}


async def until(true: Callable[[Mapping[str, tuple[Route, ...]]], bool], world: World) -> None:
    async with asyncio.timeout(20):
        while not true(await world.routers.weights(world.router, world.hosts)):
            await world.let_time_pass()


async def told(world: World, *weights: int) -> dict[str, tuple[int, ...]]:
    """Tell the first members these weights until they say so, and return all of them."""
    wanted = shares(world, *weights)
    async with asyncio.timeout(20):
        while True:
            await world.routers.set_weights(world.router, wanted, world.hosts)
            found = await seen(world)
            if all(its[: len(weights)] == weights for its in found.values()):
                return found
            await world.let_time_pass()


async def drained(world: World) -> Mapping[str, tuple[Route, ...]]:
    """Tell the first member to take no more requests until it has none, nor any under way, and return what is said."""
    async with asyncio.timeout(20):
        while True:
            await world.routers.drain(world.router, servers(world)[:1], world.hosts)
            found = await world.routers.weights(world.router, world.hosts)
            nothing = 0 if world.counts else None
            if all(not its[0].weight and its[0].in_flight == nothing for its in found.values()):
                return found
            await world.let_time_pass()


def shares(world: World, *weights: int) -> tuple[Share, ...]:
    return tuple(Share(server, weight) for server, weight in zip(servers(world), weights, strict=False))


def servers(world: World) -> tuple[str, ...]:
    """The servers that every load balancer has."""
    return tuple(dict.fromkeys(each.server for each in world.router.members))
