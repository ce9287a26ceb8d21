"""What execution relies on in the targets of every API, and in the simulated ones: look, change, repeat, take away."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.canonical import Digest
from reconciler.model.resource import Absent, Present, Resource, Unknown
from reconciler.model.target import ClusterToken, KubernetesCluster, Target, UnixSocket
from reconciler.ports.errors import Unreachable
from reconciler.ports.targets import Targets, Transaction
from reconciler.simulate.world import SimWorld
from tests import factory
from tests.apis import swarm_world
from tests.apis.kubernetes_world import config_map, one_app, rendered
from tests.lab.engine_proxy import in_front_of
from tests.lab.kubernetes.cluster import Cluster
from tests.lab.swarm import RealSwarm
from tests.sim.clock import SimClock


@dataclass(frozen=True)
class Reached:
    """Targets of an API, one of them, a resource of it with a value, and a way to take it off the network."""

    targets: Targets
    target: Target
    resource: Callable[[str, str], Resource]
    contents: Callable[[], Mapping[Digest, bytes]]
    cut: Callable[[], Awaitable[None]]

    async def wanted(self, *resources: Resource) -> list[bool]:
        """Return for each whether a look says that nothing has to be done."""
        survey = await self.targets.survey(self.target, resources)
        assert set(survey.observations) == {each.id for each in resources}
        found = []
        for each in resources:
            seen = survey.of(each.id)
            assert not isinstance(seen, Unknown), seen.reason
            found.append(CATALOG[each.id.kind].diff(each, seen) is None)
        return found

    async def changing(self, name: str, *resources: Resource) -> Transaction:
        """Return the transaction that leaves these resources behind."""
        survey = await self.targets.survey(self.target, resources)
        operations = []
        for each in resources:
            seen = survey.of(each.id)
            assert not isinstance(seen, Unknown), seen.reason
            operations += CATALOG[each.id.kind].commands(each, seen, {})
        return Transaction(id=name, operations=tuple(operations), after=resources, contents=self.contents())

    async def removing(self, name: str, *resources: Resource) -> Transaction:
        """Return the transaction that takes these resources away."""
        survey = await self.targets.survey(self.target, resources)
        operations = []
        for each in resources:
            seen = survey.of(each.id)
            assert not isinstance(seen, Unknown), seen.reason
            operations += CATALOG[each.id.kind].removal(each, seen)
        return Transaction(id=name, operations=tuple(operations), removed=tuple(each.id.ref for each in resources))

    async def apply(self, transaction: Transaction) -> None:
        """Do it."""
        await self.targets.apply(self.target, transaction)


@asynccontextmanager
async def _kubernetes(request: pytest.FixtureRequest) -> AsyncIterator[Reached]:
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:

            def resource(name: str, value: str) -> Resource:
                return app.of(config_map(name, text=value))[0]

            async def cut() -> None:
                proxy.take_away()

            yield Reached(app.targets, app.target, resource, lambda: app.sources.contents, cut)


@asynccontextmanager
async def _swarm(request: pytest.FixtureRequest) -> AsyncIterator[Reached]:
    swarm: RealSwarm = request.getfixturevalue("swarm")
    async with (
        in_front_of(swarm.socket, swarm.engine.folder) as proxy,
        swarm_world.one_app(swarm, UnixSocket(path=str(proxy.socket))) as app,
    ):

        def resource(name: str, value: str) -> Resource:
            return app.service(name=name, env={"TEXT": value})

        async def cut() -> None:
            proxy.cut_at = -1

        yield Reached(app.targets, app.target, resource, lambda: app.sources.contents, cut)


@asynccontextmanager
async def _simulated(request: pytest.FixtureRequest) -> AsyncIterator[Reached]:
    world = SimWorld(SimClock(factory.NOW))
    access = ClusterToken(server="https://192.0.2.1", ca="", token="kube")
    target = KubernetesCluster(name="kube-1", environment="testing", access=access, labels={})

    def resource(name: str, value: str) -> Resource:
        return rendered(config_map(name, text=value), target)

    async def cut() -> None:
        world.down.add(target.name)

    yield Reached(world, target, resource, dict, cut)


WORLDS: Mapping[str, Callable[[Any], AbstractAsyncContextManager[Reached]]] = {
    "kubernetes": _kubernetes,
    "swarm": _swarm,
    "simulated": _simulated,
}


ON_REAL_ONES = (pytest.param(name, marks=pytest.mark.lab) for name in ("kubernetes", "swarm"))


@pytest.fixture(params=[*ON_REAL_ONES, "simulated"])
async def reached(request: pytest.FixtureRequest) -> AsyncIterator[Reached]:
    async with WORLDS[request.param](request) as made:
        yield made


async def test_what_was_applied_needs_nothing_more(reached: Reached) -> None:
    wanted = (reached.resource("a", "1"), reached.resource("b", "2"))
    assert await reached.wanted(*wanted) == [False, False]
    await reached.apply(await reached.changing("t1", *wanted))
    assert await reached.wanted(*wanted) == [True, True]


async def test_a_change_leaves_what_it_does_not_name(reached: Reached) -> None:
    await reached.apply(await reached.changing("t1", reached.resource("a", "1"), reached.resource("b", "2")))
    await reached.apply(await reached.changing("t2", reached.resource("b", "3")))
    assert await reached.wanted(reached.resource("a", "1"), reached.resource("b", "2")) == [True, False]
    assert await reached.wanted(reached.resource("b", "3")) == [True]


async def test_what_is_done_again_changes_nothing(reached: Reached) -> None:
    transaction = await reached.changing("t1", reached.resource("a", "1"))
    await reached.apply(transaction)
    await reached.apply(transaction)
    assert await reached.wanted(reached.resource("a", "1")) == [True]


async def test_what_was_removed_is_absent_and_may_be_removed_again(reached: Reached) -> None:
    one, other = reached.resource("a", "1"), reached.resource("b", "2")
    await reached.apply(await reached.changing("t1", one, other))
    removing = await reached.removing("t2", one)
    await reached.apply(removing)
    await reached.apply(removing)
    survey = await reached.targets.survey(reached.target, [one, other])
    assert survey.of(one.id) == Absent()
    assert isinstance(survey.of(other.id), Present)


async def test_a_transaction_without_operations_changes_nothing(reached: Reached) -> None:
    await reached.apply(await reached.changing("t1", reached.resource("a", "1")))
    await reached.apply(Transaction(id="t2", operations=()))
    assert await reached.wanted(reached.resource("a", "1")) == [True]


async def test_nothing_is_known_of_a_target_that_is_away_and_nothing_is_done(reached: Reached) -> None:
    wanted = reached.resource("a", "1")
    transaction = await reached.changing("t1", wanted)
    await reached.cut()
    with pytest.raises(Unreachable):
        await reached.apply(transaction)
    assert isinstance((await reached.targets.survey(reached.target, [wanted])).of(wanted.id), Unknown)
