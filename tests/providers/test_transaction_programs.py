"""Programs within transactions, in real shells: what they make is there for what follows, and is taken back with it."""

import os
import pwd
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.operation import EditFile, MakeDirectory, PutLine, RunCommand, UnitVerb
from reconciler.ports.errors import Refused
from reconciler.providers.transaction.segments import segments
from tests.providers.machine import RELOAD, Machine, unit, write


def run(*argv: str, what: str = "try it", **more: object) -> RunCommand:
    return RunCommand(**{"what": what, "argv": argv, "directory": "~", **more})


def made(name: str, **more: object) -> RunCommand:
    """Makes a folder; its undo does harm unless it is asked first."""
    return run("mkdir", name, what=f"make {name}", undo=("rmdir", name), undo_if=("test", "-d", name), **more)


FAILS = run("sh", "-c", "echo first; echo 'that was it' >&2; exit 3", what="do the impossible")


def test_a_transaction_without_programs_is_one_segment() -> None:
    plain = (MakeDirectory("/a", "0755"), RELOAD, unit(UnitVerb.START))
    assert [[place for place, _ in part] for part in segments(plain)] == [[0, 1, 2]]
    assert segments(()) == ((),)
    mixed = (RELOAD, FAILS, RELOAD, RELOAD, FAILS, FAILS)
    assert [[place for place, _ in part] for part in segments(mixed)] == [[0, 1], [2, 3, 4], [5]]


async def test_what_a_program_makes_is_there_for_what_follows(machine: Machine) -> None:
    await machine.apply(
        "t1",
        write("~/first", b"1"),
        made("d"),
        write("~/d/second", b"2" * 70000),
        run("mkdir", "d/sub"),
        write("~/d/sub/third", b"3", "0600"),
        EditFile("~/d/sub/fourth", PutLine("4")),
    )
    seen = machine.snapshot()
    assert sorted(seen) == ["d", "d/second", "d/sub", "d/sub/fourth", "d/sub/third", "first"]
    assert seen["d/second"] == ("0o644", "2" * 70000)
    assert seen["d/sub/third"] == ("0o600", "3")
    assert seen["d"] == ("directory", "0o755"), "programs run with the usual umask"


async def test_a_program_gets_its_words_its_variables_and_no_input(machine: Machine) -> None:
    words = ("", "two words", "$(id)", "'", "a\nb", "-n", "*")
    text = 'printf "%s|" "$@" "$A" "$n" "$PWD" "$(cat)" >out'
    await machine.apply(
        "t1",
        run("sh", "-c", text, "sh", *words, environment=(("A", "x y=z"), ("n", "7"))),
        write("~/after", b"all of it"),
    )
    assert (machine.home / "out").read_text().split("|") == [*words, "x y=z", "7", str(machine.home), "", ""]
    assert (machine.home / "after").read_bytes() == b"all of it"


async def test_a_program_that_fails_takes_back_everything_before_it(machine: Machine) -> None:
    (machine.home / "f").write_text("old")
    before = machine.snapshot()
    with pytest.raises(Refused, match="cannot do the impossible: first; that was it; everything there is as it was"):
        await machine.apply("t1", write("~/f", b"new"), made("d"), write("~/d/x", b"x"), made("e"), FAILS)
    assert machine.snapshot() == before


async def test_a_check_that_fails_after_a_program_takes_it_back_too(machine: Machine) -> None:
    before = machine.snapshot()
    with pytest.raises(Refused, match=r"the directory .*/none does not exist"):
        await machine.apply("t1", made("d"), write("~/d/x", b"x"), made("e"), write("~/none/x", b"x"))
    assert machine.snapshot() == before


async def test_what_a_program_changed_is_put_back_to_how_it_left_it_and_then_it_is_undone(machine: Machine) -> None:
    (machine.home / "f").write_text("old")
    await machine.apply("t0", MakeDirectory("~/units", "0755"), write("~/units/shop.service", b"first"), RELOAD)
    await machine.apply("t1", unit(UnitVerb.START))
    put = run("sh", "-c", "echo program >f", undo=("sh", "-c", 'read -r x <f; [ "$x" = program ] && printf old >f'))
    before = machine.snapshot()
    with pytest.raises(Refused, match="do the impossible"):
        await machine.apply(
            "t2",
            write("~/units/shop.service", b"second"),
            RELOAD,
            unit(UnitVerb.RESTART),
            put,
            write("~/f", b"new"),
            unit(UnitVerb.STOP),
            FAILS,
        )
    assert machine.snapshot() == before
    assert machine.running("shop.service") == "first"


async def test_a_program_that_cannot_be_taken_back_is_told(machine: Machine) -> None:
    with pytest.raises(Exception, match="cannot take back what was to try it: no way; a person must look") as caught:
        await machine.apply("t1", run("true", undo=("sh", "-c", "echo no way; exit 1")), FAILS)
    assert not isinstance(caught.value, Refused)


async def test_undo_is_not_run_where_its_condition_says_no_or_nothing_ran(machine: Machine) -> None:
    never = run("false", what="fail", undo=("touch", "undone"), undo_if=("false",))
    with pytest.raises(Refused, match="cannot fail: it ended with status 1"):
        await machine.apply("t1", never, run("true", undo=("touch", "undone")))
    assert machine.snapshot() == {}


async def test_a_program_that_is_not_there_is_named(machine: Machine) -> None:
    with pytest.raises(Refused, match="there is no program frobnicate on this host"):
        await machine.apply("t1", run("frobnicate", "x"))


async def test_a_program_that_takes_too_long_is_ended(machine: Machine) -> None:
    with pytest.raises(Refused, match="cannot wait: it did not end within 1 seconds"):
        await machine.apply("t1", run("sleep", "60", what="wait", limit=timedelta(seconds=1)))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run programs as others")
async def test_root_runs_a_program_as_another_account(machine: Machine) -> None:
    (machine.home / "open").mkdir()
    (machine.home / "open").chmod(0o777)
    machine.home.chmod(0o755)
    machine.home.parent.chmod(0o755)
    asked = 'echo "$(id -un) $(id -gn) $HOME $1" >out'
    await machine.apply("t1", run("sh", "-c", asked, "sh", "-x y", user="nobody", directory="~/open"))
    home = pwd.getpwnam("nobody").pw_dir
    assert (machine.home / "open/out").read_text() == f"nobody nogroup {home} -x y\n"
    with pytest.raises(Refused, match="the user nobody-we-know does not exist"):
        await machine.apply("t2", run("true", user="nobody-we-know"))


def ended(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(") ")[2].startswith("Z")


async def test_a_program_that_a_killed_transaction_left_is_ended_before_it_is_taken_back(machine: Machine) -> None:
    lasting = "echo $$ >pid; sleep 60; mkdir late"
    script = await machine.script("t1", made("d"), run("sh", "-c", lasting, undo=("rm", "-rf", "pid", "late")))
    with pytest.raises(TimeoutError):
        await machine.run(replace(script, limit=timedelta(seconds=1)))
    started = int((machine.home / "pid").read_text())
    await machine.apply("t2", write("~/f", b"x"))
    assert machine.snapshot() == {"f": ("0o644", "x")}
    assert ended(started)
