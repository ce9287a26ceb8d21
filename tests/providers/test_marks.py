"""What is ours is kept on the host by the transaction that made it so, and only by one that was done."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.model.canonical import digest
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.mark import Mark, Marked, Marks
from reconciler.model.operation import MakeDirectory, Operation
from reconciler.ports.errors import Refused
from reconciler.ports.targets import Transaction
from reconciler.providers.host_records import HostRecords
from reconciler.providers.transaction.marks import read_marks, written
from reconciler.providers.transaction.render import render
from tests.providers.local_shell import host
from tests.providers.machine import FAILS, HOLDER, Machine

SHOP = UnitId("shop", "test")
COMMIT = "c" * 40


def _mark(ref: str, *, created: bool = False, before: tuple[str, ...] = (), commit: str = COMMIT) -> Mark:
    resource = ResourceId.parse(f"{SHOP}/web-1/{ref}")
    return Mark(resource=resource, created=created, before=before, commit=commit, digest=digest(ref))


def _marks(*put: Mark, dropped: Sequence[str] = (), commit: str = COMMIT, rejected: str | None = None) -> Marks:
    gone = tuple(ResourceId.parse(f"{SHOP}/web-1/{ref}") for ref in dropped)
    return Marks(unit=SHOP, commit=commit, version="1", put=put, dropped=gone, rejected=rejected)


def _read(*marks: Marks, more: str = "") -> Marked:
    (found,) = read_marks("web-1", f"file {SHOP}\n" + "\n".join(map(written, marks)) + more)
    return found


ODD = "file:/srv/a b/ü'\"$(x)\n*/c"


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ((_marks(_mark("file:/a", created=True)),), (_mark("file:/a", created=True),)),
        # Who made it once stays who made it, and what is kept of before stays kept.
        (
            (_marks(_mark("file:/a", created=True)), _marks(_mark("file:/a"))),
            (_mark("file:/a", created=True),),
        ),
        (
            (_marks(_mark("file:/a", before=("/a",))), _marks(_mark("file:/a"))),
            (_mark("file:/a", before=("/a",)),),
        ),
        # What is gone is forgotten, with who made it.
        ((_marks(_mark("file:/a", created=True)), _marks(dropped=["file:/a"])), ()),
        (
            (_marks(_mark("file:/a", created=True)), _marks(dropped=["file:/a"]), _marks(_mark("file:/a"))),
            (_mark("file:/a"),),
        ),
        ((_marks(_mark(ODD, created=True)),), (_mark(ODD, created=True),)),
    ],
)
def test_the_newest_word_counts_and_who_made_it_stays(marks: tuple[Marks, ...], expected: tuple[Mark, ...]) -> None:
    found = _read(*marks)
    assert (found.marks, found.unreadable) == (expected, 0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((None,), ""),
        (("bad",), "bad"),
        # A heal says nothing of what was gone back from; a new state takes it back.
        (("bad", None), "bad"),
        (("bad", ""), ""),
        (("bad", "", "worse"), "worse"),
    ],
)
def test_what_was_gone_back_from_is_kept_until_a_new_state_comes(words: tuple[str | None, ...], expected: str) -> None:
    assert _read(*(_marks(rejected=each) for each in words)).rejected == expected


@pytest.mark.parametrize(
    "torn",
    ["\nabc", "\nabc created - {", "\nabc odd - {}", "\nabc created !! {}", "\nabc created - [1]", "\nabc there - {}"],
)
def test_a_line_that_makes_no_sense_is_left_out_and_counted(torn: str) -> None:
    found = _read(_marks(_mark("file:/a", created=True)), more=torn)
    assert (found.marks, found.unreadable) == ((_mark("file:/a", created=True),), 1)


def test_a_file_of_no_unit_is_none_of_ours() -> None:
    assert read_marks("web-1", "file README\nhello\n") == ()


async def _apply(machine: Machine, name: str, marks: Marks, *operations: Operation) -> None:
    transaction = Transaction(id=name, operations=operations, marks=marks)
    await machine.run(render(transaction, {}, machine.prelude, HOLDER))


async def _recorded(machine: Machine) -> tuple[Marked, ...]:
    return tuple((await HostRecords(machine.shell, HOLDER).of(host())).units)


def _folder(name: str) -> MakeDirectory:
    return MakeDirectory(f"~/{name}", "0755")


async def test_a_transaction_that_is_done_leaves_its_marks(machine: Machine) -> None:
    await _apply(machine, "t1", _marks(_mark(ODD, created=True)), _folder("a"))
    await _apply(machine, "t2", _marks(_mark("file:/b"), commit="d" * 40), _folder("b"))
    (found,) = await _recorded(machine)
    assert found.commit == "d" * 40
    assert set(found.marks) == {_mark(ODD, created=True), _mark("file:/b")}


async def test_a_transaction_that_is_taken_back_leaves_none(machine: Machine) -> None:
    await _apply(machine, "t1", _marks(_mark("file:/a")), _folder("a"))
    with pytest.raises(Refused):
        await _apply(machine, "t2", _marks(_mark("file:/b", created=True), commit="d" * 40), _folder("b"), FAILS)
    await _apply(machine, "t3", replace(_marks(), unit=UnitId("other", "test")), _folder("c"))
    marked = {found.unit: found for found in await _recorded(machine)}
    assert marked[SHOP].commit == COMMIT
    assert marked[SHOP].marks == (_mark("file:/a"),)


async def test_the_marks_of_a_transaction_that_was_cut_off_behind_its_outcome_count(machine: Machine) -> None:
    records = machine.home / ".local/state/reconciler-host"
    await _apply(machine, "t1", _marks(_mark("file:/a")), _folder("a"))
    # As a power cut leaves it: the outcome is there, and the file of the unit has half a line more.
    (records / "tx/t1/owned").write_text(f"{SHOP}\n{written(_marks(_mark('file:/b', created=True)))}\n")
    with (records / "owned" / str(SHOP)).open("a") as file:
        file.write("abc crea")
    (found,) = await _recorded(machine)
    assert set(found.marks) == {_mark("file:/a"), _mark("file:/b", created=True)}
    await _apply(machine, "t2", _marks(_mark("file:/c")), _folder("c"))
    (found,) = await _recorded(machine)
    assert set(found.marks) == {_mark("file:/a"), _mark("file:/b", created=True), _mark("file:/c")}
    assert found.unreadable == 1
    assert (records / "tx/t1/owned").read_text() == ""


async def test_the_file_of_a_unit_gets_shorter_now_and_then_and_says_the_same(machine: Machine) -> None:
    await _apply(machine, "t0", _marks(_mark(ODD, created=True, before=("/x y",))), _folder("a"))
    for number in range(1, 10):
        change = _marks(_mark(ODD, commit=f"{number:040}"), dropped=["file:/gone"], rejected="bad")
        await _apply(machine, f"t{number}", change, _folder("a"))
    file = machine.home / ".local/state/reconciler-host/owned" / str(SHOP)
    assert len(file.read_text().splitlines()) == 3
    (found,) = await _recorded(machine)
    assert found.marks == (_mark(ODD, created=True, before=("/x y",), commit=f"{9:040}"),)
    assert (found.commit, found.rejected) == (COMMIT, "bad")
