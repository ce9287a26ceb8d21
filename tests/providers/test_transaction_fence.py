"""Several controllers on one host: who has the lock, who may take it over, and who finds out that it is too late."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.kinds.prelude import PRELUDE
from reconciler.model.ground import Ground
from reconciler.model.operation import MakeDirectory, MakeSymlink, Operation, RemoveFile
from reconciler.ports.errors import Busy, Stale, Unreachable
from reconciler.ports.shell import Script
from reconciler.providers.transaction.ground import GROUND, read_ground
from reconciler.providers.transaction.holder import Holder
from reconciler.providers.transaction.library import STATE
from tests.providers.local_shell import host
from tests.providers.machine import HOLDER, Machine, write

OTHER = Holder("ctl-b", "there")
HOUR = 3600
OLD: tuple[Operation, ...] = (
    write("~/f", b"old"),
    MakeDirectory("~/d", "0755"),
    write("~/d/gone", b"x"),
    MakeSymlink("~/l", "f"),
)
NEW = (write("~/f", b"new"), write("~/g", b"new"), RemoveFile("~/d/gone"), MakeSymlink("~/l", "g"))
THEIRS = (write("~/f", b"theirs"),)
# What is taken over cannot be killed from another container that shares the folder: kill -9 does nothing then.
POWERLESS = 'kill() { [ "$1" != -9 ] || return 0; command kill "$@"; }\n'


def stopping_at(command: str) -> str:
    """Return functions that make a transaction stop itself for good before its first such command.

    What is used to take the lock too is only counted from the switch on.
    """
    now = '[ "$tx_armed" ]' if command in ("mv", "ln") else "true"
    stop = f'[ -e "$STATE/slept" ] || ! {now} || {{ : >"$STATE/slept"; kill -STOP "$tx_pid"; }}'
    return f'{command}() {{ {stop}; command {command} "$@"; }}\n'


@dataclass(frozen=True)
class Records:
    """Our folder on the host."""

    folder: Path

    @property
    def lock(self) -> list[str]:
        link = self.folder / "lock"
        return str(link.readlink()).split() if link.is_symlink() else []

    @property
    def fences(self) -> list[list[str]]:
        return [line.split()[:3] for line in (self.folder / "fence").read_text().splitlines()]

    def age(self, seconds: int) -> None:
        """Let the one who has the lock have taken it, and been heard of, so much earlier."""
        words = self.lock
        words[3] = str(int(words[3]) - seconds)
        (self.folder / "lock").unlink()
        (self.folder / "lock").symlink_to(" ".join(words))
        beat = self.folder / "beat"
        if beat.exists():
            beat.write_text(words[3] + "\n")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.01)


def mood(process: int) -> str:
    """Return the letter of what a process does; empty when it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.fixture
def records(machine: Machine) -> Records:
    return Records(machine.home / ".local/state/reconciler-host")


@asynccontextmanager
async def frozen(machine: Machine, records: Records, at: str) -> AsyncIterator[tuple[int, "asyncio.Task[None]"]]:
    """Begin NEW, which is stopped before that command; yield its process and what waits for its outcome."""
    machine.prelude = PRELUDE + stopping_at(at)
    task = asyncio.create_task(machine.apply("t1", *NEW))
    await until(lambda: bool(records.lock) and mood(int(records.lock[0])) == "T")
    process = int(records.lock[0])
    machine.prelude = PRELUDE
    try:
        yield process, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def look(machine: Machine, ours: Holder = HOLDER) -> Ground:
    done = await machine.shell.run(host(), Script(text=STATE + GROUND + "echo after"))
    ground, rest = read_ground(done.output, ours.id)
    assert rest == b"after\n"
    return ground


EVERYWHERE = ["dd", "sha256sum", "chmod", "cp", "sync", "mv", "ln", "rm"]


@pytest.mark.parametrize("at", EVERYWHERE)
async def test_what_stands_still_for_too_long_is_taken_over_and_never_wakes(
    machine: Machine, records: Records, at: str
) -> None:
    await machine.apply("t0", *OLD)
    before = machine.snapshot()
    async with frozen(machine, records, at) as (process, task):
        records.age(HOUR)
        machine.holder = OTHER
        await machine.apply("t2", *THEIRS)
        with pytest.raises(Unreachable):
            await task
        assert mood(process) in ("", "Z")
    assert machine.snapshot() == before | {"f": ("0o644", "theirs")}
    assert records.lock == []
    assert records.fences == [["3", "ctl-b", "there"], ["2", "ctl-a", "here"]]


@pytest.mark.parametrize("at", ["dd", "sha256sum", "chmod", "cp", "sync", "mv"])
async def test_what_wakes_up_too_late_finds_out_and_does_nothing_more(
    machine: Machine, records: Records, at: str
) -> None:
    await machine.apply("t0", *OLD)
    before = machine.snapshot()
    async with frozen(machine, records, at) as (process, task):
        records.age(HOUR)
        machine.holder, machine.prelude = OTHER, PRELUDE + POWERLESS
        await machine.apply("t2", *THEIRS)
        after = before | {"f": ("0o644", "theirs")}
        assert machine.snapshot() == after
        os.kill(process, signal.SIGCONT)
        with pytest.raises(Unreachable, match="taken over by another one while it stood still"):
            await task
    assert machine.snapshot() == after
    assert records.lock == []


async def test_what_was_frozen_and_is_not_taken_over_goes_on(machine: Machine, records: Records) -> None:
    await machine.apply("t0", *OLD)
    async with frozen(machine, records, "mv") as (process, task):
        os.kill(process, signal.SIGCONT)
        await task
    assert (machine.home / "g").read_bytes() == b"new"


async def test_whoever_has_to_wait_is_told_for_whom_since_when_and_until_when(
    machine: Machine, records: Records
) -> None:
    await machine.apply("t0", *OLD)
    async with frozen(machine, records, "chmod") as (process, task):
        machine.holder, machine.prelude = OTHER, PRELUDE + "sleep() { :; }\n"
        said = rf"another change \(t1\) runs on this host \(process {process}\) since 20\S+Z, by ctl-a \(host here\); "
        with pytest.raises(Busy, match=said + r"it ends, or is taken over, within 3\d\d s"):
            await machine.apply("t2", *THEIRS)
        os.kill(process, signal.SIGCONT)
        await task
    assert records.fences == [["2", "ctl-a", "here"]]


async def test_what_another_controller_has_changed_since_is_not_changed(machine: Machine) -> None:
    machine.holder = OTHER
    await machine.apply("t0", *OLD)
    machine.holder, machine.fence = HOLDER, 0
    with pytest.raises(Stale, match=r"ctl-b \(host there\) has changed this host since .*, at 20\S+Z; look again"):
        await machine.apply("t1", *NEW)
    assert (machine.home / "f").read_bytes() == b"old"
    machine.fence = (await look(machine)).fence
    await machine.apply("t1", *NEW)
    assert (machine.home / "f").read_bytes() == b"new"


async def test_our_own_changes_do_not_stand_in_our_way(machine: Machine) -> None:
    machine.holder = OTHER
    await machine.apply("t0", *OLD)
    machine.holder, machine.fence = HOLDER, 1
    for number in range(3):
        await machine.apply(f"t1-{number}", write("~/f", b"%d" % number))
    assert (await look(machine)).fence == 1
    assert (await look(machine, OTHER)).fence == 4


async def test_a_look_tells_what_runs_and_what_was_cut_off(machine: Machine, records: Records) -> None:
    assert await look(machine) == Ground()
    await machine.apply("t0", *OLD)
    assert await look(machine) == Ground()
    before = machine.snapshot()
    async with frozen(machine, records, "mv") as (process, task):
        seen, theirs = await look(machine), await look(machine, OTHER)
        assert seen.running
        assert theirs.running
        assert (seen.running.transaction, seen.running.ours, seen.unsettled) == ("t1", True, None)
        assert theirs.unsettled == f"{theirs.running.by} is changing it right now"
        assert theirs.running.by.startswith("ctl-a (host here, since 20")
        os.kill(process, signal.SIGKILL)
        with pytest.raises(Unreachable):
            await task
    assert (await look(machine)).interrupted == ("t1",)
    await machine.apply("settle")
    assert await look(machine) == Ground()
    assert machine.snapshot() == before


async def test_the_tokens_of_many_controllers_are_bounded_and_the_newest_stay(
    machine: Machine, records: Records
) -> None:
    for number in range(10):
        machine.holder = Holder(f"ctl-{number}", "there")
        await machine.apply(f"t{number}", write("~/f", b"%d" % number))
    assert [line[0] for line in records.fences] == ["10", "9", "8", "7", "6", "5", "4", "3"]
