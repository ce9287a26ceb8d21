"""The loop: passes until told to stop, whatever goes wrong meanwhile; and what it tells systemd."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.daemon.loop import LONGEST_PASS, Idle, Parts, loop
from reconciler.daemon.pulse import Pulse
from reconciler.daemon.vigil import Vigil
from reconciler.daemon.wake import Wake, every, on, touched
from reconciler.daemon.world import World
from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.resource import Resource, Survey
from reconciler.model.rollout import State
from reconciler.model.target import Host
from reconciler.ports.source import SourceError
from reconciler.ports.targets import Transaction
from tests.daemon.fleet import Fleet, app
from tests.factory import NOW
from tests.sim.clock import SimClock


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(tmp_path / "notify"))
        there.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield there


def heard(there: socket.socket) -> list[str]:
    """Return what systemd was told since it was asked last."""
    told = []
    while True:
        try:
            told.append(there.recv(4096).decode())
        except BlockingIOError:
            return told


async def until_told(there: socket.socket, word: str) -> str:
    """Wait until systemd is told something with that word in it."""
    while True:
        for told in heard(there):
            if word in told:
                return told
        await asyncio.sleep(0.01)  # a level in another process's socket


def _parts(fleet: Fleet, world: World) -> Parts:
    return Parts(world, fleet.hands, fleet.wake, Vigil(world.journal, world.targets, world.clock))


async def test_it_passes_until_it_is_told_to_stop_and_tells_how_things_are(
    fleet: Fleet, systemd: socket.socket
) -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(30), fleet.clock.ticking():
        running = asyncio.create_task(loop(_parts(fleet, fleet.world), Pulse(fleet.clock), stop))
        assert await until_told(systemd, "nothing") == "STATUS=nothing to do: no commit has loaded yet"
        commit = await fleet.commit("first", shop=app("red"))
        fleet.wake.ring()
        good = f"STATUS=commit {commit[:7]}: 1 of 1 units as they shall be, 0 waiting"
        assert await until_told(systemd, "1 of 1") == good
        assert fleet.colours() == ["red", "red"]
        await fleet.commit("typo", shop=b"kind: App\n")
        fleet.wake.ring()
        assert await until_told(systemd, "refused") == f"{good}, a newer commit was refused"
        stop.set()
        fleet.wake.ring()
        await running
    assert heard(systemd)[-1] == "STATUS=finishing the step in hand"


async def test_a_step_in_hand_is_finished_before_it_leaves(fleet: Fleet) -> None:
    fleet.hosts.unhealthy = {"pink"}
    await fleet.commit("slow", shop=app("pink").replace(b"failureThreshold: 2", b"failureThreshold: 100000"))
    stop = asyncio.Event()
    running = asyncio.create_task(loop(_parts(fleet, fleet.world), Pulse(fleet.clock), stop))
    while fleet.clock.sleepers < 2:  # noqa: ASYNC110 - its lease and its check
        await asyncio.sleep(0)
    stop.set()
    fleet.wake.ring()
    await running
    assert [rollout.state for rollout in await fleet.store.history.running()] == [State.RUNNING]
    assert fleet.colours() == ["pink", "pink"]


def test_why_there_is_nothing_to_do_is_logged_once_for_each_reason(capsys: pytest.CaptureFixture[str]) -> None:
    idle = Idle()
    for reason in ("no commit", "no commit", "a mistake", "a mistake"):
        idle.because(reason)
    idle.over()
    idle.because("a mistake")
    said = capsys.readouterr()
    text = said.out + said.err
    assert (text.count("no commit"), text.count("a mistake")) == (1, 2)


async def test_a_journal_that_cannot_be_used_leaves_the_fleet_as_it_is(fleet: Fleet, systemd: socket.socket) -> None:
    await fleet.commit("first", shop=app("red"))
    await fleet.store.close()
    (fleet.folder / "journal.db").rename(fleet.folder / "kept.db")
    (fleet.folder / "journal.db").mkdir()
    stop = asyncio.Event()
    async with asyncio.timeout(30), fleet.clock.ticking():
        running = asyncio.create_task(loop(_parts(fleet, fleet.world), Pulse(fleet.clock), stop))
        stop.set()
        fleet.wake.ring()
        await running
    assert fleet.hosts.effects == []
    assert [told for told in heard(systemd) if "units" in told] == []


async def test_the_watchdog_is_fed_twice_as_often_as_systemd_asks(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    clock = SimClock(NOW)
    feeding = asyncio.create_task(Pulse(clock).feed())
    for seconds in (0, 15, 30):
        while clock.sleepers < 1:  # noqa: ASYNC110 - until it sleeps
            await asyncio.sleep(0)
        assert heard(systemd) == ["WATCHDOG=1"], seconds
        clock.jump(clock.now() + timedelta(seconds=15))
        await asyncio.sleep(0)
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)


@pytest.mark.parametrize(("seconds", "fed"), [(0, True), (59, True), (60, True), (61, False), (3600, False)], ids=str)
async def test_a_loop_that_does_not_keep_its_word_is_not_fed_for(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch, seconds: int, fed: bool
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    clock = SimClock(NOW)
    pulse = Pulse(clock)
    pulse.promise(timedelta(minutes=1))
    clock.jump(NOW + timedelta(seconds=seconds))
    feeding = asyncio.create_task(pulse.feed())
    while clock.sleepers < 1:  # noqa: ASYNC110 - until it sleeps
        await asyncio.sleep(0)
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    assert heard(systemd) == (["WATCHDOG=1"] if fed else [])


class Silent:
    """Targets that break the promise of every provider: they neither answer nor give up."""

    async def survey(self, host: Host, resources: Sequence[Resource]) -> Survey:
        await asyncio.Event().wait()
        raise AssertionError

    async def apply(self, host: Host, transaction: Transaction) -> None:
        raise AssertionError

    async def check(self, host: Host, check: HealthCheck) -> CheckResult:
        raise AssertionError


async def test_a_loop_that_hangs_in_a_pass_is_not_fed_for(
    fleet: Fleet, systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    await fleet.commit("first", shop=app("red"))
    world = replace(fleet.world, targets=Silent())
    stop, pulse = asyncio.Event(), Pulse(fleet.clock)
    running = asyncio.create_task(loop(_parts(fleet, world), pulse, stop))
    feeding = asyncio.create_task(pulse.feed())
    fed = 0
    async with asyncio.timeout(30), fleet.clock.ticking():
        while fleet.clock.now() < NOW + timedelta(hours=1):
            await asyncio.sleep(0)  # time passes by itself
            fed += heard(systemd).count("WATCHDOG=1")
    feeding.cancel()
    running.cancel()
    await asyncio.gather(feeding, running, return_exceptions=True)
    assert 1 < fed <= LONGEST_PASS / timedelta(seconds=15) + 2


async def test_nothing_is_fed_where_nobody_asks(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    await Pulse(SimClock(NOW)).feed()
    assert heard(systemd) == []


async def test_many_rings_are_one_and_a_ring_is_not_lost() -> None:
    wake = Wake()
    wake.ring()
    wake.ring()
    await asyncio.wait_for(wake.heard(timedelta(minutes=1)), 10)
    await asyncio.wait_for(wake.heard(timedelta(milliseconds=1)), 10)


async def test_what_cannot_be_watched_is_tried_again_later() -> None:
    clock, seen = SimClock(NOW), []
    tries = iter([SourceError("it is no repository"), None])

    async def changes() -> AsyncIterator[None]:
        trouble = next(tries, None)
        if trouble:
            raise trouble
        yield

    async def then() -> None:
        seen.append(clock.now())

    async with clock.ticking():
        watching = asyncio.create_task(on(changes, then, clock))
        while len(seen) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert [at - NOW for at in seen[:2]] == [timedelta(seconds=5), timedelta(seconds=10)]


async def test_at_intervals_means_for_ever() -> None:
    clock, seen = SimClock(NOW), []

    async def then() -> None:
        seen.append(clock.now() - NOW)

    async with clock.ticking():
        ticking = asyncio.create_task(every(timedelta(minutes=1), then, clock))
        while len(seen) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0)
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
    assert seen[:3] == [timedelta(minutes=number) for number in (1, 2, 3)]


async def test_a_file_that_is_touched_wakes_and_others_do_not(tmp_path: Path) -> None:
    rung = touched(tmp_path / "wake")
    waiting = asyncio.ensure_future(anext(rung))
    async with asyncio.timeout(30):
        while not waiting.done():
            # It is not known when the watch has begun.
            (tmp_path / "other").touch()
            (tmp_path / "wake").touch()
            await asyncio.wait([waiting], timeout=0.2)
    await rung.aclose()
