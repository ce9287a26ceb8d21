"""Transactions that are killed in real shells: whoever comes next finishes them or takes them back."""

import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from reconciler.kinds.catalog import PRELUDE
from reconciler.model.operation import (
    EditFile,
    MakeDirectory,
    MakeSymlink,
    Operation,
    PutLine,
    RemoveFile,
    RunCommand,
    UnitVerb,
)
from reconciler.ports.errors import Unreachable
from tests.providers.machine import RELOAD, Machine, unit, unpack, write

COMMANDS = ("mv", "ln", "rm", "cp", "mkdir", "sync", "dd", "sha256sum", "chmod", "cat", "tar", "touch", "rmdir", "ls")

# Functions come before every program, in busybox too. Counting and killing need no process of their own, so the same
# command is always the same number.
KILLER = """
rcl_tick() {
    IFS= read -r rcl_ticks <"$TICKS"
    rcl_ticks=$((rcl_ticks + 1))
    echo $rcl_ticks >"$TICKS"
    [ $rcl_ticks -ne "$KILL_AT" ] || kill -9 0
}
""" + "".join(f'{name}() {{ rcl_tick; command {name} "$@"; }}\n' for name in COMMANDS)

OLD = (
    write("~/f", b"old", "0600"),
    MakeDirectory("~/d", "0755"),
    MakeSymlink("~/d/l", "old"),
    write("~/d/gone", b"x"),
    MakeDirectory("~/units", "0755"),
    write("~/units/shop.service", b"first"),
    *unpack("1.0"),
    RELOAD,
    unit(UnitVerb.START),
)
NEW = (
    write("~/f", b"new", "0644"),
    MakeDirectory("~/d/sub", "0755"),
    write("~/d/sub/f", b"deep"),
    MakeSymlink("~/d/l", "new"),
    RemoveFile("~/d/gone"),
    *unpack("1.1", "two"),
    write("~/units/shop.service", b"second"),
    RELOAD,
    unit(UnitVerb.RESTART),
)
WITH_PROGRAMS = (
    write("~/f", b"new"),
    EditFile("~/d/gone", PutLine("y")),
    RunCommand(
        what="make a folder",
        argv=("mkdir", "made"),
        undo=("rmdir", "made"),
        undo_if=("test", "-d", "made"),
        directory="~",
    ),
    write("~/made/f", b"deep"),
    EditFile("~/f", PutLine("edited")),
    write("~/units/shop.service", b"second"),
    RELOAD,
    unit(UnitVerb.RESTART),
)

IN_PACKS = (
    MakeDirectory("~/d/sub", "0755"),
    write("~/d/gone", b"y", "0600"),
    write("~/d/sub/a", b"a"),
    write("~/d/fresh", b"f"),
    write("~/d/sub/b", b"b"),
    write("~/units/shop.service", b"second"),
    RELOAD,
    unit(UnitVerb.RESTART),
)


class Killed:
    """A machine on which a change is killed before a certain command, from the same beginning each time."""

    def __init__(self, machine: Machine, kept: Path, change: tuple[Operation | tuple[Operation, bytes], ...]) -> None:
        self.machine = machine
        self.change = change
        self._kept = kept

    async def prepare(self) -> None:
        await self.machine.apply("t0", *OLD)
        self.before = self.machine.snapshot()
        shutil.copytree(self.machine.home, self._kept, symlinks=True)
        await self.machine.apply("t1", *self.change)
        self.after = self.machine.snapshot()

    async def everywhere(self, numbers: Iterator[int]) -> AsyncIterator[int]:
        """Yield each number when the change was killed before that command; end when it has no so many."""
        for number in numbers:
            if not await self._killed_at(number):
                assert number > len(COMMANDS) * 2, "hardly any command was counted"
                return
            yield number

    async def _killed_at(self, number: int) -> bool:
        machine = self.machine
        shutil.rmtree(machine.home)
        shutil.copytree(self._kept, machine.home, symlinks=True)
        ticks = machine.home / ".local/ticks"
        ticks.write_text("0\n")
        machine.prelude = PRELUDE + KILLER
        machine.shell.environment = {"TICKS": str(ticks), "KILL_AT": str(number)}
        try:
            await machine.apply("t1", *self.change)
        except Unreachable:
            return True
        else:
            return False
        finally:
            machine.prelude = PRELUDE
            machine.shell.environment = {}


@pytest.fixture(params=[NEW, WITH_PROGRAMS, IN_PACKS], ids=["files", "programs", "packs"])
async def killed(request: pytest.FixtureRequest, machine: Machine, tmp_path: Path) -> Killed:
    made = Killed(machine, tmp_path / "kept", request.param)
    await made.prepare()
    return made


async def test_a_script_that_is_killed_anywhere_is_finished_when_it_is_tried_again(killed: Killed) -> None:
    async for number in killed.everywhere(count(1, 2)):
        await killed.machine.apply("t1", *killed.change)
        assert killed.machine.snapshot() == killed.after, f"killed before command {number}"
        assert killed.machine.running("shop.service") == "second", f"killed before command {number}"


async def test_a_script_that_is_killed_anywhere_leaves_nothing_half_done_to_the_next_one(killed: Killed) -> None:
    outcomes = set()
    async for number in killed.everywhere(count(1)):
        await killed.machine.apply("t2", write("~/other", b"o"))
        (killed.machine.home / "other").unlink()
        seen = killed.machine.snapshot()
        assert seen in (killed.before, killed.after), f"killed before command {number}"
        assert killed.machine.running("shop.service") == ("first" if seen == killed.before else "second")
        outcomes.add(seen == killed.before)
    assert outcomes == {True, False}
