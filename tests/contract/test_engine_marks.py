"""Things on an engine say themselves who made them, and it makes no difference to anything else."""

from collections.abc import AsyncIterator, Sequence

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.identity import ResourceId
from reconciler.model.mark import Mark, Marks
from reconciler.model.resource import Absent, Observation, Resource, Unknown
from reconciler.ports.targets import Transaction
from reconciler.providers.docker.engines import Engines
from reconciler.providers.docker.marking import EngineRecords
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.apis.conftest import engine as engine
from tests.apis.conftest import engine_of_this_process as engine_of_this_process
from tests.apis.engine_world import UNIT, OneApp, one_app, version
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab

OLD, NEW = "1" * 40, "2" * 40


@pytest.fixture
async def app(engine: OwnEngine) -> AsyncIterator[OneApp]:
    async with one_app(engine) as made:
        yield made


async def _bring(app: OneApp, commit: str, *resources: Resource) -> None:
    """Bring them there as a rollout does, and see that nothing differs any more."""
    seen: dict[ResourceId, Observation] = {}
    for resource, there in zip(resources, await app.seen(*resources), strict=True):
        assert not isinstance(there, Unknown)
        seen[resource.id] = there
    changed = [each for each in resources if CATALOG[each.id.kind].diff(each, seen[each.id]) is not None]
    put = tuple(
        Mark(resource=each.id, created=isinstance(seen[each.id], Absent), commit=commit, digest=each.digest)
        for each in changed
    )
    app.count += 1
    transaction = Transaction(
        id=f"m{app.count}",
        operations=tuple(await app.operations(*resources)),
        contents=app.sources.contents,
        marks=Marks(unit=UNIT, commit=commit, version="1", put=put),
    )
    await app.targets.apply(app.target, transaction)
    for each in resources:
        assert await app.fields(each) == {}


async def _marks(app: OneApp) -> Sequence[Mark]:
    engines = Engines(SshShell(SshOptions(), dict, app.secrets), app.secrets)
    try:
        found = await EngineRecords(engines).of(app.target)
    finally:
        await engines.close()
    return sorted((mark for each in found.units for mark in each.marks), key=lambda mark: mark.resource)


def _mark(resource: Resource, commit: str, *, created: bool) -> Mark:
    return Mark(resource=resource.id, created=created, commit=commit, digest=resource.digest)


async def test_what_was_made_says_so_and_nothing_of_it_differs(app: OneApp) -> None:
    network, volume, container = app.of("network", name="backend"), app.of("volume", name="data"), version(app, "app:1")
    await _bring(app, OLD, network, volume, container)
    assert await _marks(app) == [_mark(each, OLD, created=True) for each in (container, network, volume)]


async def test_what_is_made_anew_in_the_place_of_ours_is_ours(app: OneApp) -> None:
    first, second = version(app, "app:1"), version(app, "app:2")
    await _bring(app, OLD, first, app.of("network", name="backend"))
    changed = app.of("network", name="backend", internal=True)
    await _bring(app, NEW, second, changed)
    assert await _marks(app) == [_mark(second, NEW, created=True), _mark(changed, NEW, created=True)]


async def test_what_was_taken_over_is_not_made_by_us(app: OneApp, engine: OwnEngine) -> None:
    wanted, network = version(app, "app:1"), app.of("network", name="backend")
    engine.docker("run", "--detach", "--name", wanted.id.name, "app:2")
    await _bring(app, OLD, wanted, network)
    assert await _marks(app) == [_mark(wanted, OLD, created=False), _mark(network, OLD, created=True)]


@pytest.mark.parametrize(
    "label", ["", "{}", "[]", '{"unit":"x"}', '{"unit":"a@b","ref":"container:other","commit":"1"}']
)
async def test_a_label_that_somebody_else_wrote_is_none_of_ours(app: OneApp, engine: OwnEngine, label: str) -> None:
    engine.docker("create", "--name", "theirs", "--label", f"reconciler/mark={label}", "app:1")
    engine.docker("volume", "create", "--label", f"reconciler/mark={label}", "theirs")
    assert await _marks(app) == []
