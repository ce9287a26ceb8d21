"""Transactions that fail in real shells: nothing of it is done."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.model.operation import (
    MakeDirectory,
    MakeSymlink,
    Operation,
    RemoveRelease,
    SetAttributes,
    SwitchRelease,
    UnitVerb,
)
from reconciler.ports.errors import Refused
from tests.providers.machine import FAILS, RELOAD, Machine, unit, unpack, write

REFUSED = {
    "a missing user": ((write("~/f", b"new", owner="nobody-we-know"),), "the user nobody-we-know does not exist"),
    "a missing group": ((write("~/f", b"new", group="nobody-we-know"),), "the group nobody-we-know does not exist"),
    "a path that is a directory": ((write("~/d", b"new"),), "/d is a directory, and it is not ours to replace"),
    "a link where a directory is": ((MakeSymlink("~/d", "x"),), "/d is a directory"),
    "a directory where a file is": ((MakeDirectory("~/f", "0755"),), "/f is a file where a directory is to be"),
    "a parent that is missing": ((write("~/none/f", b""),), "the directory .*/none does not exist"),
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
        (*unpack("1.0", "two"), FAILS),
        "cannot fail",
    ),
    "a removed release and then a failure": (
        (RemoveRelease("~/opt/shop"), FAILS),
        "cannot fail",
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
    assert not (machine.home / ".local/state/reconciler-host/lock").is_symlink()


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


async def test_a_payload_that_is_cut_off_is_refused_before_anything_is_touched(machine: Machine) -> None:
    script = await machine.script("t1", write("~/f", b"whole"))
    with pytest.raises(Refused, match="what arrived is not what was sent"):
        await machine.run(replace(script, payloads=(b"who",)))
    assert machine.snapshot() == {}
