"""What execution relies on in every Targets, also in the simulated fleet that its own tests run on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.canonical import digest_bytes
from reconciler.model.content import Content
from reconciler.model.health import TcpCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import RemoveFile, WriteFile
from reconciler.model.resource import Absent, Present, Resource, Unknown
from reconciler.model.target import Host
from reconciler.ports.errors import Stale, Unreachable
from reconciler.ports.targets import Targets, Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.survey import Probes
from reconciler.providers.transaction.holder import Holder
from reconciler.simulate.world import SimWorld
from tests import factory
from tests.contract.conftest import FleetWorld
from tests.lab.fleet import Fleet
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues
from tests.sim.clock import SimClock

UNIT = UnitId("shop", "testing")


@dataclass(frozen=True)
class Reached:
    """Some Targets, a host of theirs, and a way to take it off the network."""

    targets: Targets
    host: Host
    cut: Callable[[], Awaitable[None]]
    other: Callable[[Transaction], Awaitable[None]]


async def _real(folder: Path) -> AsyncIterator[Reached]:
    world, http = FleetWorld(await Fleet(folder / "fleet", ["web-1"]).start()), Http()

    async def no_blob(digest: str) -> bytes:
        raise KeyError(digest)

    cache, checks = ArtifactCache(folder, http, no_blob), HealthChecks(world.shell, world.shell, SystemClock())
    targets = HostTargets(world.shell, Probes(CATALOG, PRELUDE), Supplies(cache, SecretValues({})), checks, HOLDER)
    theirs = HostTargets(
        world.shell, Probes(CATALOG, PRELUDE), Supplies(cache, SecretValues({})), checks, Holder("ctl-b", "there")
    )

    async def other(transaction: Transaction) -> None:
        await theirs.apply(world.host(), transaction)

    yield Reached(targets, world.host(), world.cut, other)
    await http.close()
    await world.stop()


async def _simulated(folder: Path) -> AsyncIterator[Reached]:
    targets = SimWorld(SimClock(factory.NOW))
    host = Host(name="web-1", environment="testing", address="192.0.2.1", user="deploy", host_key="", labels={})

    async def cut() -> None:
        targets.down.add(host.name)

    async def other(transaction: Transaction) -> None:
        await targets.apply(host, transaction)
        targets.foreign[host.name] = targets.foreign.get(host.name, 0) + 2

    yield Reached(targets, host, cut, other)


@pytest.fixture(params=[_real, _simulated], ids=["real", "simulated"])
async def reached(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reached]:
    async for made in request.param(tmp_path):
        yield made


def file(name: str, data: bytes) -> Resource:
    content = Content(digest_bytes(data), digest_bytes(data), len(data))
    attributes = {"path": f"~/{name}", "type": "file", "content": content.digest, "mode": "0644"}
    identity = ResourceId(UNIT, "web-1", "file", f"~/{name}")
    return Resource(id=identity, attributes=attributes, contents={"content": content})


def writing(name: str, *files: tuple[str, bytes]) -> Transaction:
    """Return the transaction that leaves these files behind."""
    after = tuple(file(*each) for each in files)
    operations = tuple(WriteFile(one.id.name, one.contents["content"], "0644") for one in after)
    return Transaction(
        id=name, operations=operations, after=after, contents={digest_bytes(data): data for _, data in files}
    )


def removing(name: str, *gone: Resource) -> Transaction:
    operations = tuple(RemoveFile(one.id.name) for one in gone)
    return Transaction(id=name, operations=operations, removed=tuple(one.id.ref for one in gone))


async def as_wanted(reached: Reached, resources: Sequence[Resource]) -> list[bool]:
    """Return for each whether a look says that nothing has to be done."""
    survey = await reached.targets.survey(reached.host, resources)
    kind = CATALOG["file"]
    seen = [survey.of(one.id) for one in resources]
    assert not [one for one in seen if isinstance(one, Unknown)]
    return [
        kind.diff(one, there) is None
        for one, there in zip(resources, seen, strict=True)
        if isinstance(there, Present | Absent)
    ]


async def test_what_was_applied_needs_nothing_more(reached: Reached) -> None:
    wanted = (file("a", b"1"), file("b", b"2"))
    assert await as_wanted(reached, wanted) == [False, False]
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1"), ("b", b"2")))
    assert await as_wanted(reached, wanted) == [True, True]


async def test_a_change_leaves_what_it_does_not_name(reached: Reached) -> None:
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1"), ("b", b"2")))
    await reached.targets.apply(reached.host, writing("t2", ("b", b"3")))
    assert await as_wanted(reached, [file("a", b"1"), file("b", b"2"), file("b", b"3")]) == [True, False, True]


async def test_what_was_removed_is_absent(reached: Reached) -> None:
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1"), ("b", b"2")))
    await reached.targets.apply(reached.host, removing("t2", file("a", b"1")))
    survey = await reached.targets.survey(reached.host, [file("a", b"1"), file("b", b"2")])
    assert survey.of(file("a", b"1").id) == Absent()
    assert isinstance(survey.of(file("b", b"2").id), Present)


async def test_a_transaction_that_took_effect_is_not_repeated(reached: Reached) -> None:
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1")))
    await reached.targets.apply(reached.host, writing("t2", ("a", b"2")))
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1")))
    assert await as_wanted(reached, [file("a", b"2")]) == [True]


async def test_a_look_answers_for_all_that_was_asked_and_for_nothing_else(reached: Reached) -> None:
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1"), ("b", b"2")))
    asked = [file("a", b"1"), file("none", b"")]
    survey = await reached.targets.survey(reached.host, asked)
    assert set(survey.observations) == {one.id for one in asked}


async def test_a_target_that_another_controller_has_changed_since_refuses_until_it_is_looked_at(
    reached: Reached,
) -> None:
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1")))
    await reached.other(writing("u1", ("a", b"2")))
    stale = replace(writing("t2", ("a", b"3")), fence=0)
    with pytest.raises(Stale, match="has changed this host since it was looked at"):
        await reached.targets.apply(reached.host, stale)
    survey = await reached.targets.survey(reached.host, [file("a", b"2")])
    ground = survey.grounds[reached.host.name]
    assert (ground.running, ground.interrupted, ground.unsettled) == (None, (), None)
    for number in (3, 4):
        await reached.targets.apply(reached.host, replace(stale, id=f"t{number}", fence=ground.fence))
    assert await as_wanted(reached, [file("a", b"3")]) == [True]


async def test_a_transaction_without_operations_changes_nothing(reached: Reached) -> None:
    await reached.targets.apply(reached.host, writing("t1", ("a", b"1")))
    await reached.targets.apply(reached.host, Transaction(id="settle-1", operations=()))
    assert await as_wanted(reached, [file("a", b"1")]) == [True]


async def test_nothing_is_known_of_a_host_that_is_away_and_nothing_is_done(reached: Reached) -> None:
    await reached.cut()
    wanted = file("a", b"1")
    assert isinstance((await reached.targets.survey(reached.host, [wanted])).of(wanted.id), Unknown)
    with pytest.raises(Unreachable):
        await reached.targets.apply(reached.host, writing("t1", ("a", b"1")))
    assert not (await reached.targets.check(reached.host, TcpCheck(port=reached.host.port))).healthy
