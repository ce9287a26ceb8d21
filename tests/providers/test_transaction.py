"""Transactions in real shells: all of it or nothing, whatever happens."""

import os
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from reconciler.kinds.prelude import PRELUDE
from reconciler.model.canonical import digest_bytes
from reconciler.model.content import Artifact, Content
from reconciler.model.operation import (
    ControlUnit,
    MakeDirectory,
    MakeSymlink,
    Operation,
    ReloadUnits,
    RemoveDirectory,
    RemoveFile,
    RemoveRelease,
    Scope,
    SetAttributes,
    SwitchRelease,
    UnitVerb,
    UnpackRelease,
    WriteFile,
)
from reconciler.ports.errors import Refused, Unreachable
from reconciler.ports.targets import Transaction
from reconciler.providers.transaction.deliver import deliveries
from reconciler.providers.transaction.outcome import conclude
from reconciler.providers.transaction.render import render
from tests.providers.local_shell import DASH, LocalShell, host, snapshot
from tests.providers.secret_values import SecretValues

FAKE = Path(__file__).with_name("fake_systemctl.sh")


@dataclass(frozen=True)
class Tars:
    """Artifacts that are plain tars already."""

    tars: Mapping[str, Path]

    async def fetch(self, artifact: Artifact) -> Path:
        return self.tars[artifact.url]


class Machine:
    """One host as the tests see it."""

    def __init__(self, shell: LocalShell, tars: Mapping[str, Path]) -> None:
        self.shell = shell
        self.home = shell._home
        self._tars = tars
        shutil.copy(FAKE, self.home / "bin/systemctl")
        # No test cuts the power, and on a busy disk every fsync takes its time.
        self.command("sync", "exit 0")

    def command(self, name: str, text: str) -> None:
        """Put a command of that name before the real one."""
        path = self.home / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    async def apply(self, name: str, *operations: Operation | tuple[Operation, bytes]) -> None:
        """Apply, as a transaction of that name; a content comes beside its operation."""
        plain = tuple(entry[0] if isinstance(entry, tuple) else entry for entry in operations)
        contents = {digest_bytes(entry[1]): entry[1] for entry in operations if isinstance(entry, tuple)}
        transaction = Transaction(id=name, operations=plain, contents=contents)
        sent = await deliveries(transaction, Tars(self._tars), SecretValues({}))
        conclude("web-1", await self.shell.run(host(), render(transaction, sent, PRELUDE)))

    def snapshot(self) -> dict[str, tuple[str, str]]:
        return snapshot(self.home)

    def running(self, unit: str) -> str | None:
        path = self.home / ".local/systemd" / f"{unit}.active"
        return path.read_text() if path.exists() else None


def write(path: str, data: bytes, mode: str = "0644", **owner: str) -> tuple[WriteFile, bytes]:
    digest = digest_bytes(data)
    return WriteFile(path, Content(digest, digest, len(data)), mode, **owner), data


def release(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, BytesIO(data))
    return path


@pytest.fixture
def machine(shell: LocalShell, tmp_path: Path) -> Machine:
    tars = {
        "one": release(tmp_path / "one.tar", {"bin/shop": b"one"}),
        "two": release(tmp_path / "two.tar", {"bin/shop": b"two"}),
    }
    return Machine(shell, tars)


def unpack(version: str, url: str = "one") -> tuple[Operation, ...]:
    artifact = Artifact(url, "sha256:" + "a" * 64)
    return UnpackRelease("~/opt/shop", version, artifact), SwitchRelease("~/opt/shop", version, 2)


def unit(verb: UnitVerb, *inputs: str) -> ControlUnit:
    return ControlUnit("shop.service", Scope.SYSTEM, verb, inputs)


RELOAD = ReloadUnits(Scope.SYSTEM)


async def test_a_first_rollout_puts_everything_in_place(machine: Machine) -> None:
    await machine.apply(
        "t1",
        MakeDirectory("~/etc", "0750"),
        write("~/etc/app.toml", b"level = 1\n", "0640"),
        write("~/etc/blob", bytes(range(256)) * 1000, "0600"),
        write("~/etc/empty", b"", "0644"),
        MakeSymlink("~/etc/link", "app.toml"),
        *unpack("1.0"),
    )
    assert machine.snapshot() == {
        "etc": ("directory", "0o750"),
        "etc/app.toml": ("0o640", "level = 1\n"),
        "etc/blob": ("0o600", bytes(range(256)).decode("latin-1") * 1000),
        "etc/empty": ("0o644", ""),
        "etc/link": ("link", "app.toml"),
        "opt": ("directory", "0o755"),
        "opt/shop": ("directory", "0o755"),
        "opt/shop/current": ("link", "releases/1.0"),
        "opt/shop/releases": ("directory", "0o755"),
        "opt/shop/releases/.1.0.sha256": ("0o644", "a" * 64 + "\n"),
        "opt/shop/releases/1.0": ("directory", "0o755"),
        "opt/shop/releases/1.0/bin": machine.snapshot()["opt/shop/releases/1.0/bin"],
        "opt/shop/releases/1.0/bin/shop": ("0o755", "one"),
    }


async def test_what_is_there_is_replaced_changed_and_removed(machine: Machine) -> None:
    await machine.apply(
        "t1",
        MakeDirectory("~/d", "0755"),
        MakeDirectory("~/gone", "0755"),
        write("~/d/f", b"old"),
        write("~/d/removed", b"x"),
        MakeSymlink("~/d/l", "f"),
    )
    await machine.apply(
        "t2",
        write("~/d/f", b"new", "0600"),
        RemoveFile("~/d/removed"),
        RemoveFile("~/d/never-was"),
        MakeSymlink("~/d/l", "elsewhere"),
        SetAttributes("~/d", "0700"),
        RemoveDirectory("~/gone"),
    )
    assert machine.snapshot() == {
        "d": ("directory", "0o700"),
        "d/f": ("0o600", "new"),
        "d/l": ("link", "elsewhere"),
    }


WEIRD = (
    "with space",
    "with'quote",
    'with"quote',
    "$(touch hacked)",
    "`touch hacked`",
    "-rf",
    "a;b&c|d",
    "back\\slash",
    "new\nline",
    "ünï©ödé",
    "{braces}",
    "*",
    "%s%n",
    "~",
    "#rcl-end",
)


async def test_names_are_names_whatever_they_look_like(machine: Machine) -> None:
    made = [MakeDirectory(f"~/{name}", "0755") for name in WEIRD]
    files = [write(f"~/{name}/{name}", name.encode()) for name in WEIRD]
    links = [MakeSymlink(f"~/{name}/link", name) for name in WEIRD]
    await machine.apply("t1", *made, *files, *links)
    seen = machine.snapshot()
    assert len(seen) == 3 * len(WEIRD)
    for name in WEIRD:
        assert seen[f"{name}/{name}"] == ("0o644", name.encode().decode("latin-1"))
        assert seen[f"{name}/link"] == ("link", name)
    again = [write(f"~/{name}/{name}", b"second") for name in WEIRD]
    with pytest.raises(Refused):
        await machine.apply("t2", *again, RemoveDirectory("~/with space"))
    assert machine.snapshot() == seen


async def test_a_transaction_is_done_once(machine: Machine) -> None:
    await machine.apply("t1", write("~/f", b"ours"))
    (machine.home / "f").write_bytes(b"theirs")
    await machine.apply("t1", write("~/f", b"ours"))
    assert (machine.home / "f").read_bytes() == b"theirs"
    await machine.apply("t2", write("~/f", b"ours"))
    assert (machine.home / "f").read_bytes() == b"ours"


REFUSED = {
    "a missing user": ((write("~/f", b"new", owner="nobody-we-know"),), "the user nobody-we-know does not exist"),
    "a missing group": ((write("~/f", b"new", group="nobody-we-know"),), "the group nobody-we-know does not exist"),
    "a path that is a directory": ((write("~/d", b"new"),), "/d is a directory, and it is not ours to replace"),
    "a link where a directory is": ((MakeSymlink("~/d", "x"),), "/d is a directory"),
    "a directory where a file is": ((MakeDirectory("~/f", "0755"),), "/f is a file where a directory is to be"),
    "a parent that is missing": ((write("~/none/f", b""),), "the directory .*/none does not exist"),
    "a directory that is not empty": ((write("~/f", b"new"), RemoveDirectory("~/d")), "cannot remove the directory"),
    "attributes of nothing": ((write("~/f", b"new"), SetAttributes("~/none", "0600")), "/none is no longer there"),
    "a unit that does not start": (
        (write("~/units/shop.service", b"FAIL"), RELOAD, unit(UnitVerb.RESTART)),
        "cannot restart shop.service: Job for shop.service failed",
    ),
    "a unit that dies at once": (
        (write("~/units/shop.service", b"DIES"), RELOAD, unit(UnitVerb.RESTART)),
        "cannot restart shop.service: it failed at once",
    ),
    "a release and then a failure": (
        (*unpack("2.0"), write("~/units/shop.service", b"FAIL"), RELOAD, unit(UnitVerb.RESTART)),
        "cannot restart",
    ),
    "a replaced release and then a failure": (
        (*unpack("1.0", "two"), RemoveDirectory("~/d")),
        "cannot remove the directory",
    ),
    "a removed release and then a failure": (
        (RemoveRelease("~/opt/shop"), RemoveDirectory("~/d")),
        "cannot remove the directory",
    ),
    "a current that is a directory": (
        (write("~/f", b"new"), SwitchRelease("~/bad", "1.0", 2)),
        "/bad/current is not a link",
    ),
}


@pytest.mark.parametrize(("operations", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_change_that_fails_leaves_everything_as_it_was(
    machine: Machine, operations: Sequence[Operation], reason: str
) -> None:
    await machine.apply(
        "before",
        write("~/f", b"old", "0600"),
        MakeDirectory("~/d", "0711"),
        write("~/d/inner", b"x"),
        MakeDirectory("~/units", "0755"),
        write("~/units/shop.service", b"first"),
        *unpack("1.0"),
        RELOAD,
        unit(UnitVerb.ENABLE),
        unit(UnitVerb.START, "~/units/shop.service"),
    )
    (machine.home / "bad/current").mkdir(parents=True)
    before = machine.snapshot()
    with pytest.raises(Refused, match=reason):
        await machine.apply("t2", write("~/new", b"n"), *operations)
    assert machine.snapshot() == before
    assert machine.running("shop.service") == "first"
    assert (machine.home / ".local/systemd/shop.service.enabled").exists()
    assert not (machine.home / ".local/state/reconciler/lock").is_symlink()


async def test_a_new_unit_that_does_not_start_is_gone_again(machine: Machine) -> None:
    operations = (
        MakeDirectory("~/units", "0755"),
        write("~/units/shop.service", b"FAIL"),
        RELOAD,
        unit(UnitVerb.ENABLE),
        unit(UnitVerb.START, "~/units/shop.service"),
    )
    with pytest.raises(Refused, match=r"cannot start shop\.service"):
        await machine.apply("t1", *operations)
    assert machine.snapshot() == {}
    assert machine.running("shop.service") is None
    assert not (machine.home / ".local/systemd/shop.service.enabled").exists()


async def test_a_start_records_which_inputs_the_unit_has_seen(machine: Machine) -> None:
    made = (MakeDirectory("~/units", "0755"), write("~/units/shop.service", b"first"), RELOAD)
    await machine.apply("t1", *made, unit(UnitVerb.START, "~/units/shop.service"))
    record = machine.home / ".local/state/reconciler/units/shop.service"
    first = record.read_text().split()
    assert (first[0], len(first[1])) == ("0" * 31 + "7", 64)
    await machine.apply(
        "t2",
        write("~/units/shop.service", b"second"),
        RELOAD,
        unit(UnitVerb.RESTART, "~/units/shop.service"),
    )
    assert record.read_text().split()[1] != first[1]
    with pytest.raises(Refused):
        await machine.apply(
            "t3",
            write("~/units/shop.service", b"FAIL"),
            RELOAD,
            unit(UnitVerb.RESTART, "~/units/shop.service"),
        )
    assert machine.running("shop.service") == "second"


async def test_old_releases_go_and_the_current_one_stays(machine: Machine) -> None:
    for number, version in enumerate(("1.0", "1.1", "1.2")):
        await machine.apply(f"t{number}", *unpack(version))
        # busybox tells times by the second
        os.utime(machine.home / "opt/shop/releases" / version, (number, number))
    kept = machine.home / "opt/shop/releases"
    assert sorted(path.name for path in kept.iterdir()) == [".1.1.sha256", ".1.2.sha256", "1.1", "1.2"]
    (kept / "by-hand").mkdir()
    await machine.apply("back", SwitchRelease("~/opt/shop", "1.1", 1))
    assert sorted(path.name for path in kept.iterdir()) == [".1.1.sha256", "1.1", "by-hand"]
    await machine.apply("gone", RemoveRelease("~/opt/shop"))
    assert [path.name for path in kept.iterdir()] == ["by-hand"]
    assert sorted(path.name for path in kept.parent.iterdir()) == ["releases"]


async def test_a_payload_that_is_cut_off_is_refused_before_anything_is_touched(machine: Machine) -> None:
    transaction_content = b"whole"
    operation, data = write("~/f", transaction_content)
    transaction = Transaction(id="t1", operations=(operation,), contents={digest_bytes(data): data})
    sent = await deliveries(transaction, Tars({}), SecretValues({}))
    script = render(transaction, sent, PRELUDE)
    cut = type(script)(text=script.text, payloads=(b"who",))
    with pytest.raises(Refused, match="what arrived is not what was sent"):
        conclude("web-1", await machine.shell.run(host(), cut))
    assert machine.snapshot() == {}


KILLER = """PATH=@REST@
n=0; [ ! -s "$COUNT" ] || read -r n <"$COUNT"; n=$((n + 1)); echo $n >"$COUNT"
[ $n -ne "$KILL_AT" ] || kill -9 -$(cut -d' ' -f5 /proc/self/stat)
[ @NAME@ = sync ] || exec @NAME@ "$@"
"""
COMMANDS = ("mv", "ln", "rm", "cp", "mkdir", "sync", "dd", "sha256sum", "chmod", "cat", "tar", "touch", "rmdir", "ls")


def arm_killer(machine: Machine) -> None:
    for name in COMMANDS:
        machine.command(name, KILLER.replace("@NAME@", name).replace("@REST@", DASH[1]))


def disarm_killer(machine: Machine) -> None:
    for name in COMMANDS:
        (machine.home / "bin" / name).unlink()
    machine.command("sync", "exit 0")


@pytest.mark.parametrize("shell", ["dash"], indirect=True)
@pytest.mark.parametrize(("then", "first"), [("the same again", 1), ("another one", 2)])
async def test_a_script_that_is_killed_anywhere_leaves_nothing_half_done(
    machine: Machine, tmp_path: Path, then: str, first: int
) -> None:
    """Before every second command it runs the whole process group gets SIGKILL, once each."""
    old = (
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
    new = (
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
    await machine.apply("t0", *old)
    before = machine.snapshot()
    kept = shutil.copytree(machine.home, tmp_path / "kept", symlinks=True)
    await machine.apply("t1", *new)
    after = machine.snapshot()
    at, killed, outcomes = first - 2, True, set()
    while killed:
        at += 2
        shutil.rmtree(machine.home)
        shutil.copytree(kept, machine.home, symlinks=True)
        arm_killer(machine)
        machine.shell.environment = {"COUNT": str(machine.home / ".local/count"), "KILL_AT": str(at)}
        (machine.home / ".local/count").unlink(missing_ok=True)
        try:
            await machine.apply("t1", *new)
            killed = False
        except Unreachable:
            pass
        disarm_killer(machine)
        machine.shell.environment = {}
        if then == "the same again":
            await machine.apply("t1", *new)
            assert machine.snapshot() == after, f"killed at {at}"
            assert machine.running("shop.service") == "second"
        else:
            await machine.apply("t2", write("~/other", b"o"))
            seen = machine.snapshot()
            del seen["other"]
            (machine.home / "other").unlink()
            assert seen in (before, after), f"killed at {at}"
            assert machine.running("shop.service") == ("first" if seen == before else "second")
            outcomes.add(seen == before)
    assert at > 30
    assert then == "the same again" or outcomes == {True, False}


def this_process() -> tuple[str, str]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return boot, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]


async def test_a_transaction_that_still_runs_is_waited_for_and_then_named(machine: Machine) -> None:
    await machine.apply("t0", write("~/f", b"old"))
    boot, start = this_process()
    lock = machine.home / ".local/state/reconciler/lock"
    machine.command("sleep", "exit 0")
    lock.symlink_to(f"{os.getpid()} {boot} {start}")
    with pytest.raises(Unreachable, match=rf"another change runs on this host \(process {os.getpid()}\)"):
        await machine.apply("t1", write("~/f", b"new"))
    lock.unlink()
    lock.symlink_to(f"{os.getpid()} {boot} 1")
    await machine.apply("t1", write("~/f", b"new"))
    assert (machine.home / "f").read_bytes() == b"new"
    assert not lock.is_symlink()


async def test_only_the_last_few_transactions_keep_their_backups(machine: Machine) -> None:
    for number in range(8):
        await machine.apply(f"t{number}", write("~/f", b"%d" % number))
    folders = sorted((machine.home / ".local/state/reconciler/tx").iterdir())
    assert sum((folder / "home").exists() for folder in folders) == 5
    assert (folders[-1] / "was.0").read_bytes() == b"6"
    assert all((folder / "outcome").read_text() == "outcome ok\n" for folder in folders)
