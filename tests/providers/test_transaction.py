"""Transactions in real shells: all of it is done, once, whatever the names look like."""

import os

import pytest

from reconciler.model.operation import (
    MakeDirectory,
    MakeSymlink,
    RemoveDirectory,
    RemoveFile,
    RemoveRelease,
    SetAttributes,
    SwitchRelease,
    UnitVerb,
)
from reconciler.ports.errors import Refused
from tests.providers.machine import FAILS, RELOAD, Machine, unit, unpack, write


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
        await machine.apply("t2", *again, FAILS)
    assert machine.snapshot() == seen


async def test_a_directory_that_is_to_go_stays_while_something_is_in_it(machine: Machine) -> None:
    await machine.apply("t1", MakeDirectory("~/d", "0750"), MakeDirectory("~/e", "0750"))
    (machine.home / "d/.theirs").write_text("x")
    await machine.apply("t2", RemoveDirectory("~/d"), RemoveDirectory("~/e"))
    assert machine.snapshot() == {"d": ("directory", "0o750"), "d/.theirs": ("0o644", "x")}


async def test_a_transaction_is_done_once(machine: Machine) -> None:
    await machine.apply("t1", write("~/f", b"ours"))
    (machine.home / "f").write_bytes(b"theirs")
    await machine.apply("t1", write("~/f", b"ours"))
    assert (machine.home / "f").read_bytes() == b"theirs"
    await machine.apply("t2", write("~/f", b"ours"))
    assert (machine.home / "f").read_bytes() == b"ours"


async def test_a_start_records_which_inputs_the_unit_has_seen(machine: Machine) -> None:
    made = (MakeDirectory("~/units", "0755"), write("~/units/shop.service", b"first"), RELOAD)
    await machine.apply("t1", *made, unit(UnitVerb.START, "~/units/shop.service"))
    record = machine.home / ".local/state/reconciler-host/units/shop.service"
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
