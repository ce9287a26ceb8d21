"""What a host keeps of the last transactions: bounded in number, room and age; a disk that is full spoils nothing."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from reconciler.model.operation import Operation
from reconciler.ports.errors import Refused
from reconciler.ports.shell import Script
from tests.conftest import unavailable
from tests.providers.machine import Machine, write

DAY = 24 * 3600


def kept(machine: Machine) -> list[str]:
    """Return the names of the transactions of which more than the outcome is there."""
    folders = (machine.home / ".local/state/reconciler-host/tx").iterdir()
    return sorted(folder.name for folder in folders if (folder / "home").exists())


async def applied(machine: Machine, name: str, limit: int, *operations: tuple[Operation, bytes]) -> None:
    """Apply where so many KiB may be kept in all."""
    script = await machine.script(name, *operations)
    text = script.text.replace("tx_kept_kib=204800", f"tx_kept_kib={limit}")
    assert text != script.text
    await machine.run(Script(text=text, payloads=script.payloads, limit=script.limit))


@pytest.mark.parametrize("shell", ["dash"], indirect=True)
async def test_what_is_kept_takes_no_more_room_than_it_may_and_the_newest_stays(machine: Machine) -> None:
    """In dash alone, because busybox cannot tell which of two in one second was the first."""
    for number in range(4):
        await applied(machine, f"t{number}", 700, write("~/f", b"%d" % number * 300_000))
    assert kept(machine) == ["t0", "t2", "t3"]
    await applied(machine, "t4", 500, write("~/f", b"small"))
    assert kept(machine) == ["t0", "t4"]


async def test_a_single_one_that_is_too_large_is_not_kept_but_could_be_taken_back_until_then(machine: Machine) -> None:
    await applied(machine, "t0", 500, write("~/f", b"x" * 2_000_000))
    with pytest.raises(Refused):
        await applied(machine, "t1", 500, write("~/f", b"new"), write("~/nowhere/g", b""))
    assert (machine.home / "f").stat().st_size == 2_000_000
    await applied(machine, "t2", 500, write("~/f", b"new"))
    assert kept(machine) == ["t0"]
    assert (machine.home / ".local/state/reconciler-host/tx/t2/outcome").read_text() == "outcome ok\n"


async def test_what_is_old_goes_now_and_then(machine: Machine) -> None:
    for number in range(9):
        await machine.apply(f"t{number}", write("~/f", b"%d" % number))
    old = machine.home / ".local/state/reconciler-host/tx/t8"
    os.utime(old, (old.stat().st_mtime - 40 * DAY,) * 2)
    await machine.apply("t9", write("~/f", b"9"))
    assert "t8" not in kept(machine)
    assert "t9" in kept(machine)


@pytest.fixture
def small_disk(machine: Machine) -> Iterator[None]:
    """Our records on a filesystem of one MiB."""
    folder = machine.home / ".local/state"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        unavailable("only root may mount a filesystem here")
    yield
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("small_disk")
async def test_what_cannot_be_kept_for_want_of_room_is_not_changed(machine: Machine) -> None:
    (machine.home / "f").write_bytes(b"x" * 3_000_000)
    await machine.apply("t0", write("~/g", b"old"))
    before = machine.snapshot()
    with pytest.raises(Refused, match=r"cannot keep .*No space left on device.*everything there is as it was"):
        await machine.apply("t1", write("~/g", b"new"), write("~/f", b"new"))
    assert machine.snapshot() == before
    await machine.apply("t2", write("~/g", b"new"))
    assert (machine.home / "g").read_bytes() == b"new"
