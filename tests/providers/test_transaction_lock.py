"""One transaction at a time on a host, and what is kept of the last ones."""

import os
from pathlib import Path

import pytest

from reconciler.ports.errors import Unreachable
from tests.providers.machine import Machine, write


@pytest.mark.parametrize("shell", ["dash"], indirect=True)
async def test_a_transaction_that_still_runs_is_waited_for_and_then_named(machine: Machine) -> None:
    """In dash alone, because busybox cannot be kept from its own sleep."""
    await machine.apply("t0", write("~/f", b"old"))
    machine.command("sleep", "exit 0")
    boot, start = this_process()
    (machine.home / LOCK).symlink_to(f"{os.getpid()} {boot} {start}")
    with pytest.raises(Unreachable, match=rf"another change runs on this host \(process {os.getpid()}\)"):
        await machine.apply("t1", write("~/f", b"new"))
    assert (machine.home / "f").read_bytes() == b"old"


async def test_the_lock_of_a_process_that_is_gone_is_nobodys(machine: Machine) -> None:
    await machine.apply("t0", write("~/f", b"old"))
    boot, _ = this_process()
    lock = machine.home / LOCK
    lock.symlink_to(f"{os.getpid()} {boot} 1")
    await machine.apply("t1", write("~/f", b"new"))
    assert (machine.home / "f").read_bytes() == b"new"
    assert not lock.is_symlink()


async def test_only_the_last_few_transactions_keep_their_backups(machine: Machine) -> None:
    for number in range(8):
        await machine.apply(f"t{number}", write("~/f", b"%d" % number))
    folders = sorted((machine.home / ".local/state/reconciler-host/tx").iterdir())
    assert sum((folder / "home").exists() for folder in folders) == 5
    assert (folders[-1] / "was.0").read_bytes() == b"6"
    assert all((folder / "outcome").read_text() == "outcome ok\n" for folder in folders)


LOCK = ".local/state/reconciler-host/lock"


def this_process() -> tuple[str, str]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return boot, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
