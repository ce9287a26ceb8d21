"""Small files that go to one directory, in real shells: together they end as each would alone."""

import os
from dataclasses import replace

import pytest

from reconciler.kinds.catalog import PRELUDE
from reconciler.model.operation import MakeDirectory, MakeSymlink, Operation, RemoveFile, RunCommand
from reconciler.ports.errors import Refused
from reconciler.providers.transaction.pack import packs
from reconciler.providers.transaction.segments import segments
from tests.providers.machine import FAILS, Machine, write

NO_TAR = 'command() { [ "$*" != "-v tar" ]; }\n'
MEDDLED = """
mv() {
    case "$*" in */d/) mkdir -p "$HOME/d/b" ;; esac
    command mv "$@"
}
"""
SIZES = (0, 1, 511, 512, 513, 4096, 200_000)


def packed(*operations: Operation | tuple[Operation, bytes]) -> list[list[str]]:
    """Return which paths go together."""
    plain = tuple(entry[0] if isinstance(entry, tuple) else entry for entry in operations)
    found = [pack for part in segments(plain) for place, pack in packs(part).items() if place == pack.number]
    return [[op.path for _, op in pack.members] for pack in found]


def test_files_that_are_written_one_after_the_other_into_a_directory_go_together() -> None:
    run = RunCommand(what="x", argv=("true",))
    assert packed(write("~/d/a", b""), write("~/e/a", b""), write("~/d/b", b"")) == [["~/d/a", "~/d/b"]]
    assert packed(write("~/d/a", b""), RemoveFile("~/d/x"), write("~/d/b", b"")) == []
    assert packed(write("~/d/a", b""), run, write("~/d/b", b"")) == []
    assert packed(write("/a", b""), write("/b", b"")) == []


@pytest.mark.parametrize("name", ["with space", "new\nline", "-rf", ".hidden", "*", "back\\slash", "ü", "x" * 100])
def test_a_name_that_is_not_plain_goes_alone(name: str) -> None:
    assert packed(write("~/d/a", b""), write(f"~/d/{name}", b""), write("~/d/b", b"")) == []


def test_what_is_large_or_written_twice_goes_alone_or_in_a_pack_of_its_own() -> None:
    assert packed(write("~/d/a", b"x" * 300_000), write("~/d/b", b"x" * 300_000)) == []
    twice = [write(f"~/d/{name}", b"") for name in ("a", "b", "a", "b")]
    assert packed(*twice) == [["~/d/a", "~/d/b"], ["~/d/a", "~/d/b"]]
    many = [write(f"~/d/{number}", b"x" * 200_000) for number in range(8)]
    assert [len(pack) for pack in packed(*many)] == [5, 3]


@pytest.mark.parametrize("prelude", ["", NO_TAR], ids=["tar", "no tar"])
async def test_files_of_every_size_arrive_with_their_modes(machine: Machine, prelude: str) -> None:
    machine.prelude = PRELUDE + prelude
    files = [write(f"~/d/{size}", os.urandom(size), "0600" if size % 2 else "0755") for size in SIZES]
    await machine.apply("t1", MakeDirectory("~/d", "0755"), *files, MakeSymlink("~/d/link", "1"))
    for (operation, data), size in zip(files, SIZES, strict=True):
        path = machine.home / "d" / str(size)
        assert path.read_bytes() == data
        # Whether a unit has to be restarted is told from the times of its inputs.
        assert abs(path.stat().st_mtime - machine.home.stat().st_mtime) < 60
        assert oct(path.stat().st_mode & 0o7777) == oct(int(operation.mode, 8))
    assert sorted(path.name for path in (machine.home / "d").iterdir()) == sorted(["link", *map(str, SIZES)])
    assert not list(machine.home.glob(".rcl-*"))


async def test_what_was_there_is_replaced_whatever_it_was_and_comes_back_when_a_later_operation_fails(
    machine: Machine,
) -> None:
    elsewhere = machine.home / "elsewhere"
    elsewhere.mkdir()
    before = (MakeDirectory("~/d", "0755"), write("~/d/file", b"old", "0600"), MakeSymlink("~/d/link", str(elsewhere)))
    await machine.apply("t1", *before)
    seen = machine.snapshot()
    after = [write(f"~/d/{name}", b"new") for name in ("file", "link", "fresh")]
    with pytest.raises(Refused, match="cannot fail"):
        await machine.apply("t2", *after, FAILS)
    assert machine.snapshot() == seen
    await machine.apply("t3", *after)
    assert {name: kind for name, kind in machine.snapshot().items() if name.startswith("d/")} == {
        f"d/{name}": ("0o644", "new") for name in ("file", "link", "fresh")
    }


async def test_one_that_cannot_take_its_place_brings_all_back(machine: Machine) -> None:
    await machine.apply("t1", MakeDirectory("~/d", "0755"), write("~/d/a", b"old"))
    seen = machine.snapshot()
    machine.prelude = PRELUDE + MEDDLED
    with pytest.raises(Refused, match=r"cannot write files in .*/d"):
        await machine.apply("t2", write("~/d/a", b"new"), write("~/d/b", b"new"), write("~/d/c", b"new"))
    assert machine.snapshot() == seen


async def test_what_arrives_and_is_not_what_was_sent_is_never_put_in_place(machine: Machine) -> None:
    await machine.apply("t1", MakeDirectory("~/d", "0755"))
    seen = machine.snapshot()
    script = await machine.script("t2", write("~/d/a", b"aaaa"), write("~/d/b", b"bbbb"))
    (tar,) = script.payloads
    assert isinstance(tar, bytes)
    with pytest.raises(Refused, match=r"what arrived is not what was sent: .*/b: FAILED"):
        await machine.run(replace(script, payloads=(tar.replace(b"bbbb", b"bbbX"),)))
    assert machine.snapshot() == seen
