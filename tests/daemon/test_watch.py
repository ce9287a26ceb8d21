"""Hosts that watch themselves: when the loop is woken, and when it is left alone."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.daemon.watch import RINGS, Watch, wait_before_ring
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Absent, Resource, Survey, Unknown
from reconciler.model.target import Host
from reconciler.ports.errors import Unreachable
from reconciler.providers.clock import SystemClock
from tests.providers.local_shell import host

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WEB = host()
FILE = Resource(id=ResourceId(UnitId("shop", "testing"), "web-1", "file", "/etc/shop"), attributes={})


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=each) for each in seconds]


@pytest.mark.parametrize(
    ("rung", "seconds"),
    [
        ([], 0),
        (ago(1), 0),
        (ago(*range(RINGS - 1, 0, -1)), 0),
        (ago(*range(RINGS, 0, -1)), 60 - RINGS),
        (ago(61, *range(RINGS - 1, 0, -1)), 0),
        (ago(50, *range(RINGS, 0, -1)), 60 - RINGS),
    ],
)
def test_a_host_that_changes_all_the_time_rings_a_few_times_a_minute(rung: list[datetime], seconds: float) -> None:
    assert wait_before_ring(rung, NOW) == timedelta(seconds=seconds)


class Telling:
    """Targets whose hosts tell of a change when the test says so; ``watching`` is what is being watched."""

    def __init__(self) -> None:
        self.seen: Survey = Survey({FILE.id: Absent()})
        self.changed: asyncio.Queue[None] = asyncio.Queue()
        self.watching: list[tuple[Resource, ...]] = []
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def survey(self, host: Host, resources: Sequence[Resource]) -> Survey:
        return self.seen

    async def changes(self, host: Host, resources: Sequence[Resource], period: timedelta) -> AsyncGenerator[None, None]:
        self.watching.append(tuple(resources))
        self.begun.set()
        try:
            while True:
                await self.changed.get()
                yield
        finally:
            self.watching.remove(tuple(resources))
            self.ended.set()


class Told:
    """A watch on such targets, and a bell."""

    def __init__(self) -> None:
        self.targets = Telling()
        self.hosts = {"web-1": WEB}
        self.rung = asyncio.Event()
        self.watch = Watch(self.targets, lambda: self.hosts, self.rung.set, timedelta(seconds=1), SystemClock())


async def test_what_a_pass_has_seen_is_watched_and_a_change_rings() -> None:
    told = Told()
    await told.watch.survey(WEB, [FILE])
    await told.watch.survey(WEB, [FILE])
    async with asyncio.timeout(5):
        await told.targets.begun.wait()
        assert told.targets.watching == [(FILE,)]
        assert not told.rung.is_set()
        told.targets.changed.put_nowait(None)
        await told.rung.wait()
    await told.watch.close()
    assert told.targets.watching == []


async def test_a_host_is_watched_for_what_the_last_pass_has_asked() -> None:
    told = Told()
    await told.watch.survey(WEB, [FILE])
    async with asyncio.timeout(5):
        await told.targets.begun.wait()
        told.targets.begun.clear()
        await told.watch.survey(WEB, [FILE, FILE])
        await told.targets.begun.wait()
        await told.targets.ended.wait()
    assert told.targets.watching == [(FILE, FILE)]
    await told.watch.close()


async def test_a_host_that_could_not_be_seen_is_not_watched() -> None:
    told = Told()
    told.targets.seen = Survey({FILE.id: Unknown("it is away")})
    await told.watch.survey(WEB, [FILE])
    await asyncio.sleep(0)
    assert told.targets.watching == []
    await told.watch.close()


async def test_a_host_that_left_git_is_not_watched_any_longer() -> None:
    class Ending(Telling):
        async def changes(
            self, host: Host, resources: Sequence[Resource], period: timedelta
        ) -> AsyncGenerator[None, None]:
            self.watching.append(tuple(resources))
            self.begun.set()
            told.hosts.clear()
            raise Unreachable("the connection is gone")
            yield

    told = Told()
    told.watch._targets = ending = Ending()
    told.watch._clock = Impatient()
    await told.watch.survey(WEB, [FILE])
    async with asyncio.timeout(5):
        await told.watch._watched["web-1"].task
    assert ending.watching == [(FILE,)]


class Impatient(SystemClock):
    """Time in which nobody has to wait."""

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(0)
