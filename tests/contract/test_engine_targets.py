"""What execution relies on in every Targets, of Docker Engines; and what those tell by themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.content import Content
from reconciler.model.health import TcpCheck
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.model.target import UnixSocket
from reconciler.ports.errors import Halfway, Refused, Stale, Unreachable
from reconciler.ports.targets import Transaction
from tests.apis.conftest import engine as engine
from tests.apis.conftest import engine_of_this_process as engine_of_this_process
from tests.apis.engine_world import OneApp, free_port, one_app, version
from tests.lab.engine_proxy import EngineProxy, in_front_of
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab

EVERY = timedelta(seconds=1)
REFUSED = Send(what="make a network", method="POST", path="/networks/create", values=(("/Name", ""),))


@pytest.fixture
async def app(engine: OwnEngine) -> AsyncIterator[OneApp]:
    async with one_app(engine) as made:
        yield made


@pytest.fixture
async def proxy(engine: OwnEngine) -> AsyncIterator[EngineProxy]:
    async with in_front_of(engine.socket, engine.folder) as made:
        yield made


@pytest.fixture
async def behind(engine: OwnEngine, proxy: EngineProxy) -> AsyncIterator[OneApp]:
    async with one_app(engine, UnixSocket(path=str(proxy.socket))) as made:
        yield made


async def test_what_was_applied_needs_nothing_more_and_may_be_applied_again(app: OneApp) -> None:
    wanted = [app.of("network", name="backend"), app.of("volume", name="data"), version(app, "app:1")]
    operations = await app.operations(*wanted)
    for _ in range(2):
        await app.apply(*operations)
        assert await app.operations(*wanted) == []


async def test_a_change_leaves_what_it_does_not_name(app: OneApp, engine: OwnEngine) -> None:
    engine.docker("run", "--detach", "--name", "theirs", "app:1")
    before = engine.docker("inspect", "theirs")
    await app.bring(app.of("network", name="backend"), version(app, "app:1"))
    assert engine.docker("inspect", "theirs") == before


async def test_what_was_removed_is_absent_and_may_be_removed_again(app: OneApp) -> None:
    wanted = [app.of("network", name="backend"), version(app, "app:1")]
    await app.bring(*wanted)
    gone: list[Operation] = []
    for resource, there in reversed(list(zip(wanted, await app.seen(*wanted), strict=True))):
        assert isinstance(there, Present)
        gone += CATALOG[resource.id.kind].removal(resource, there)
    for _ in range(2):
        await app.apply(*gone)
        assert await app.seen(*wanted) == [Absent()] * 2


async def test_looking_twice_sees_the_same(app: OneApp) -> None:
    wanted = [app.of("network", name="backend"), version(app, "app:1")]
    await app.bring(*wanted)
    one, other = await app.seen(*wanted), await app.seen(*wanted)
    for before, after in zip(one, other, strict=True):
        assert isinstance(before, Present)
        assert isinstance(after, Present)
        assert before.attributes == after.attributes


async def test_a_refused_change_changes_nothing_and_one_that_is_refused_later_is_half_way(app: OneApp) -> None:
    data = app.of("volume", name="data")
    with pytest.raises(Refused, match="cannot make a network on engine-1"):
        await app.apply(REFUSED, *await app.operations(data))
    assert await app.seen(data) == [Absent()]
    with pytest.raises(Halfway, match=r"cannot make a network on engine-1.*1 of 2 steps were done before"):
        await app.apply(*await app.operations(data), REFUSED)
    assert await app.difference(data) is None


async def test_who_is_slower_than_another_is_told_so(app: OneApp, engine: OwnEngine) -> None:
    engine.docker("volume", "create", "data")
    gone = Send(what="remove data", method="DELETE", path="/volumes/other", stale=(404,))
    with pytest.raises(Stale, match="somebody else has changed it"):
        await app.apply(gone)
    only = Send(what="remove data", method="DELETE", path="/volumes/data", only_if="/volumes/other")
    await app.apply(only)
    assert engine.docker("volume", "ls", "--quiet") == "data"


async def test_a_secret_that_changed_since_the_plan_is_refused(app: OneApp) -> None:
    app.sources.contents.clear()
    body = Content("sha256:0", "sha256:0", 1)
    lost = Send(what="make the volume data", method="POST", path="/volumes/create", body=body)
    with pytest.raises(Refused, match="is not in the plan"):
        await app.apply(lost)


async def test_what_cannot_be_asked_is_unknown_a_change_unreachable_and_a_check_was_not_asked(
    behind: OneApp, proxy: EngineProxy
) -> None:
    network = behind.of("network", name="backend")
    operations = await behind.operations(network)
    proxy.fault = lambda _: (503, "away")
    (seen,) = await behind.seen(network)
    assert isinstance(seen, Unknown)
    with pytest.raises(Unreachable):
        await behind.apply(*operations)
    result = await behind.health(version(behind, "app:1"))
    assert (result.healthy, result.asked) == (False, False)


async def test_an_answer_that_is_lost_is_nobodys_knowledge(behind: OneApp, proxy: EngineProxy) -> None:
    data = behind.of("volume", name="data")
    operations = await behind.operations(data)
    proxy.cut_at, proxy.asked = 0, []
    with pytest.raises(Unreachable, match="lost the connection to engine-1"):
        await behind.apply(*operations)
    proxy.cut_at = None
    assert await behind.difference(data) is None


async def test_a_change_that_takes_too_long_is_told_in_time(behind: OneApp, proxy: EngineProxy) -> None:
    operations = await behind.operations(behind.of("volume", name="data"))
    proxy.slow = 30
    transaction = Transaction(
        id="t", operations=tuple(operations), contents=behind.sources.contents, limit=timedelta(milliseconds=300)
    )
    async with asyncio.timeout(5):
        with pytest.raises(Unreachable, match=r"was not done within 0[.]3 s"):
            await behind.targets.apply(behind.target, transaction)


async def test_a_port_that_is_published_is_asked_at_the_engines_address(app: OneApp) -> None:
    port = free_port()
    check = TcpCheck(port=port, on=app.target.sort)
    assert not (await app.targets.check(app.target, check)).healthy
    await app.bring(app.of("network", name="backend"), version(app, "app:1", port))
    assert (await app.targets.check(app.target, check)).healthy


async def test_nothing_is_told_while_nothing_changes_and_what_the_last_look_saw_is_no_news(app: OneApp) -> None:
    wanted = [app.of("network", name="backend"), app.of("volume", name="data")]
    await app.bring(*wanted)
    await app.seen(*wanted)
    async with aclosing(app.targets.changes(app.target, wanted, EVERY)) as changes:
        hearing = asyncio.create_task(anext(changes))
        await asyncio.sleep(0.5)
        assert not hearing.done()
        await app.bring(app.of("volume", name="other"))
        await asyncio.sleep(0.5)
        assert not hearing.done(), "another thing than ours"
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


async def test_facts_of_an_engine_come_along(app: OneApp) -> None:
    survey = await app.targets.survey(app.target, [app.of("volume", name="data")])
    assert survey.facts["engine-1"]["os"] == "linux"
    assert str(survey.facts["engine-1"]["apiVersion"]).startswith("1.")
