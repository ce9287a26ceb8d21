"""A host takes a guarded change back by itself unless it is confirmed: in dash, bash and busybox, without systemd."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from reconciler.kinds.catalog import PRELUDE
from reconciler.model.ground import Ground, Running
from reconciler.model.guard import Guard
from reconciler.model.operation import Operation
from reconciler.model.target import Host
from reconciler.ports.errors import Refused, Unreachable
from reconciler.ports.shell import Completed, Script
from reconciler.providers import guarded
from reconciler.providers.transaction.ground import GROUND, read_ground
from reconciler.providers.transaction.guard import confirmation, inquiry
from reconciler.providers.transaction.library import STATE
from reconciler.providers.transaction.outcome import last
from tests.conftest import unavailable
from tests.kinds import host as shells
from tests.providers.local_shell import DASH, LocalShell, host
from tests.providers.machine import FAILS, HOLDER, Machine, write
from tests.providers.test_transaction_killed import KILLER, NEW, OLD

OTHER = write("~/other", b"o")
BAD = write("~/f", b"bad")
LONG, SHORT = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture(params=["dash", "bash", "busybox"])
def shell(request: pytest.FixtureRequest, home: Path, programs: Path) -> LocalShell:
    if request.param == "busybox":
        found = shells.shell("busybox", programs)
        if found is None:
            unavailable("busybox-static cannot be had here")
            raise AssertionError
        return LocalShell(home, found.command, found.programs)
    made = LocalShell(home, *DASH)
    if request.param == "bash":
        (home / "bin/sh").symlink_to("/bin/bash")
    return made


@dataclass
class Guarded:
    """A machine, and what it says of one guarded transaction after the other."""

    machine: Machine
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        self.state = self.machine.home / ".local/state/reconciler-host"

    async def begin(self, name: str, within: timedelta, *operations: Operation | tuple[Operation, bytes]) -> str:
        """Have it done as far as it goes without a confirmation; return how that ended, in a word."""
        self.machine.guard = Guard(within)
        try:
            script = await self.machine.script(name, *operations)
        finally:
            self.machine.guard = None
        said = last(await self.machine.shell.run(host(), script))
        return said.word if said else "nothing"

    async def confirm(self, name: str) -> str:
        said = last(await self.machine.shell.run(host(), confirmation(name)))
        return said.word if said else "nothing"

    async def overdue(self, name: str) -> None:
        """Let the host take it back as it does when it is overdue, or started again."""
        await self.machine.shell.run(host(), Script(text=f'exec sh "{self.state}/tx/{name}/guard.sh" boot'))

    async def ground(self) -> Ground:
        done = await self.machine.shell.run(host(), Script(text=STATE + GROUND))
        return read_ground(done.output, HOLDER.id)[0]

    def read(self, name: str) -> bytes:
        return (self.machine.home / name).read_bytes()

    def locked(self) -> bool:
        return (self.state / "lock").is_symlink()

    def watchers(self) -> list[int]:
        """The processes that would take a change of this machine back."""
        found = []
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = line.read_bytes()
            except OSError:
                continue
            if f"{self.state}/tx/".encode() in words and b"guard.sh" in words:
                found.append(int(line.parent.name))
        return found


class Deaf(LocalShell):
    """Runs what it is given, and never hears of its end; what comes anew is heard."""

    def __init__(self, inner: LocalShell) -> None:
        self.inner = inner
        self.asked: list[str] = []

    async def run(self, host: Host, script: Script) -> Completed:
        await self.inner.run(host, script)
        await asyncio.Event().wait()
        raise AssertionError

    async def run_anew(self, host: Host, script: Script) -> Completed:
        self.asked.append("confirm" if "confirm" in script.text else "look")
        return await self.inner.run(host, script)


@pytest.fixture
async def guard(machine: Machine) -> AsyncIterator[Guarded]:
    await machine.apply("t0", *OLD)
    made = Guarded(machine)
    yield made
    for process in made.watchers():
        os.kill(process, signal.SIGKILL)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)


async def test_what_is_confirmed_stays_and_nothing_is_left_waiting(guard: Guarded) -> None:
    assert await guard.begin("g1", LONG, *NEW) == "waiting"
    assert (guard.read("f"), len(guard.watchers()), guard.locked()) == (b"new", 1, True)
    assert await guard.confirm("g1") == "ok"
    await until(lambda: not guard.watchers())
    assert (guard.read("f"), guard.machine.running("shop.service"), guard.locked()) == (b"new", "second", False)
    assert await guard.confirm("g1") == "ok", "the same is said when it is asked again"


async def test_what_nobody_confirms_is_taken_back_in_time(guard: Guarded) -> None:
    before = guard.machine.snapshot()
    assert await guard.begin("g1", SHORT, *NEW) == "waiting"
    async with asyncio.timeout(6):
        await until((guard.state / "tx/g1/outcome").exists)
    await until(lambda: not guard.locked())
    assert guard.machine.snapshot() == before
    assert guard.machine.running("shop.service") == "first"
    assert await guard.confirm("g1") == "back"
    assert guard.machine.snapshot() == before, "a confirmation that comes too late changes nothing"


async def test_a_change_that_fails_by_itself_is_back_at_once_and_its_guard_is_gone(guard: Guarded) -> None:
    before = guard.machine.snapshot()
    assert await guard.begin("g1", LONG, *NEW, FAILS) == "failed"
    await until(lambda: not guard.watchers())
    assert (guard.machine.snapshot(), guard.locked()) == (before, False)


async def test_another_change_waits_until_the_host_has_decided(guard: Guarded) -> None:
    assert await guard.begin("g1", SHORT, BAD) == "waiting"
    await guard.machine.apply("t1", OTHER)
    assert (guard.read("f"), guard.read("other")) == (b"old", b"o")
    assert await guard.confirm("g1") == "back"


async def test_a_look_says_that_it_waits_and_for_whom(guard: Guarded) -> None:
    assert await guard.begin("g1", LONG, BAD) == "waiting"
    running = (await guard.ground()).running
    assert running == Running(transaction="g1", ours=True, by=running.by if running else "", waits=True)
    await guard.confirm("g1")
    assert await guard.ground() == Ground()


async def test_asked_for_again_it_still_waits_or_is_done_anew_when_it_was_taken_back(guard: Guarded) -> None:
    assert await guard.begin("g1", LONG, BAD) == "waiting"
    assert await guard.begin("g1", LONG, BAD) == "waiting"
    assert len(guard.watchers()) == 1
    await guard.overdue("g1")
    assert (guard.read("f"), await guard.confirm("g1")) == (b"old", "back")
    assert await guard.begin("g1", LONG, BAD) == "waiting"
    assert (guard.read("f"), await guard.confirm("g1")) == (b"bad", "ok")


async def test_a_change_that_stands_still_half_way_is_taken_back_in_time_too(guard: Guarded) -> None:
    before = guard.machine.snapshot()
    stop = '[ -z "$tx_armed" ] || [ -e "$STATE/slept" ] || { : >"$STATE/slept"; kill -STOP "$tx_pid"; }'
    guard.machine.prelude = f'ln() {{ {stop}; command ln "$@"; }}\n' + PRELUDE
    with pytest.raises(Unreachable, match="killed"):
        await guard.begin("g1", SHORT, *NEW)
    await until(lambda: not guard.locked())
    assert guard.machine.snapshot() == before
    assert await guard.confirm("g1") == "failed"


async def test_killed_anywhere_it_is_taken_back_without_anybody(guard: Guarded) -> None:
    before, ticks = guard.machine.snapshot(), guard.state / "ticks"
    guarded_kills = 0
    for number in count(3, 7):
        ticks.write_text("0\n")
        guard.machine.prelude = PRELUDE + KILLER
        guard.machine.shell.environment = {"TICKS": str(ticks), "KILL_AT": str(number)}
        try:
            said = await guard.begin(f"g{number}", LONG, *NEW)
        except Unreachable:
            said = "killed"
        guard.machine.prelude, guard.machine.shell.environment = PRELUDE, {"TICKS": str(ticks), "KILL_AT": "0"}
        armed = (guard.state / f"tx/g{number}/armed").exists()
        if armed:
            await guard.overdue(f"g{number}")
        await guard.machine.apply(f"t{number}", OTHER)
        (guard.machine.home / "other").unlink()
        assert guard.machine.snapshot() == before, f"killed before command {number}"
        assert guard.machine.running("shop.service") == "first"
        guarded_kills += said == "killed" and armed
        if said == "waiting":
            break
    assert guarded_kills > 2


async def test_confirmed_or_taken_back_there_is_one_verdict(guard: Guarded) -> None:
    for number in range(12):
        name = f"g{number}"
        assert await guard.begin(name, LONG, BAD) == "waiting"
        confirming, taking = guard.confirm(name), guard.overdue(name)
        said, _ = await asyncio.gather(confirming, taking)
        await until(lambda: not guard.locked())
        ended = await guard.confirm(name)
        assert (guard.read("f"), ended) in ((b"bad", "ok"), (b"old", "back"))
        assert said == ended or (said, ended) == ("taking", "back")
        await guard.machine.apply(f"o{number}", write("~/f", b"old"))


async def test_a_confirmation_that_was_cut_off_after_its_verdict_is_gone_on_with(guard: Guarded) -> None:
    assert await guard.begin("g1", SHORT, *NEW) == "waiting"
    (guard.state / "tx/g1/verdict").symlink_to("confirmed")
    await until(lambda: not guard.watchers())
    assert guard.read("f") == b"new", "who comes too late to take it back leaves it"
    assert (await guard.ground()).interrupted == ("g1",)
    await guard.machine.apply("t1", OTHER)
    assert (guard.read("f"), guard.read("other"), await guard.confirm("g1")) == (b"new", b"o", "ok")


async def test_a_host_that_was_killed_while_it_took_a_change_back_goes_on_with_that(guard: Guarded) -> None:
    before = guard.machine.snapshot()
    for number in range(2, 40, 6):
        name, ticks = f"g{number}", guard.state / "ticks"
        guard.machine.prelude = PRELUDE + KILLER
        guard.machine.shell.environment = {"TICKS": str(ticks), "KILL_AT": "0"}
        ticks.write_text("0\n")
        assert await guard.begin(name, LONG, *NEW) == "waiting"
        guard.machine.prelude = PRELUDE
        ticks.write_text("0\n")
        guard.machine.shell.environment = {"TICKS": str(ticks), "KILL_AT": str(number)}
        with suppress(Unreachable):
            await guard.overdue(name)
        guard.machine.shell.environment = {"TICKS": str(ticks), "KILL_AT": "0"}
        assert await guard.confirm(name) in ("back", "taking"), f"killed before command {number}"
        await guard.machine.apply(f"t{number}", OTHER)
        (guard.machine.home / "other").unlink()
        assert guard.machine.snapshot() == before, f"killed before command {number}"
        assert guard.machine.running("shop.service") == "first"


async def test_without_a_guard_nothing_is_touched(guard: Guarded) -> None:
    guard.machine.prelude = PRELUDE + "setsid() { return 3; }\n"
    before = guard.machine.snapshot()
    assert await guard.begin("g1", LONG, *NEW) == "failed"
    assert (guard.machine.snapshot(), guard.locked()) == (before, False)


async def test_a_confirmation_over_a_new_connection_is_all_of_it(guard: Guarded) -> None:
    guard.machine.guard = Guard(LONG)
    script = await guard.machine.script("g1", BAD)
    transaction = guarded.Transaction(id="g1", operations=(BAD[0],), guard=Guard(LONG))
    await guarded.carry_out(guard.machine.shell, host(), script, transaction)
    assert (guard.read("f"), guard.locked()) == (b"bad", False)


async def test_a_visit_that_came_in_before_the_change_confirms_nothing(guard: Guarded) -> None:
    assert await guard.begin("g1", LONG, *NEW) == "waiting"
    for _ in range(2):
        said = last(await guard.machine.shell.run(host(), inquiry("g1")))
        assert said
        assert said.word == "waiting"
    assert guard.locked()
    assert await guard.confirm("g1") == "ok"
    said = last(await guard.machine.shell.run(host(), inquiry("g1")))
    assert said
    assert said.word == "ok"


async def test_a_change_whose_end_nobody_heard_of_is_confirmed_by_a_visit_after_it(guard: Guarded) -> None:
    guard.machine.guard = Guard(timedelta(seconds=4))
    script = await guard.machine.script("g1", BAD)
    transaction = guarded.Transaction(id="g1", operations=(BAD[0],), guard=Guard(timedelta(seconds=4)))
    deaf = Deaf(guard.machine.shell)
    await guarded.carry_out(deaf, host(), script, transaction)
    assert deaf.asked == ["look", "confirm"]
    assert (guard.read("f"), guard.locked()) == (b"bad", False)


async def test_what_fails_is_told_as_for_any_change(guard: Guarded) -> None:
    guard.machine.guard = Guard(LONG)
    script = await guard.machine.script("g1", BAD, FAILS)
    transaction = guarded.Transaction(id="g1", operations=(BAD[0], FAILS), guard=Guard(LONG))
    with pytest.raises(Refused, match="cannot fail"):
        await guarded.carry_out(guard.machine.shell, host(), script, transaction)
