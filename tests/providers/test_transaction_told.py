"""What programs of a transaction print, told while they run, in real shells."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.operation import HostOperation, MakeDirectory, RunCommand, UnitVerb
from reconciler.ports.errors import Refused
from reconciler.ports.shell import Completed
from reconciler.providers.transaction.outcome import conclude
from reconciler.providers.transaction.said import Told
from tests.providers.heard import Heard
from tests.providers.local_shell import host
from tests.providers.machine import RELOAD, Machine, unit, write

LIMIT = 30.0


def sh(script: str, what: str = "try it", **more: object) -> RunCommand:
    return RunCommand(**{"what": what, "argv": ("sh", "-c", script), "directory": "~", **more})


async def run(machine: Machine, *operations: HostOperation) -> tuple[Heard, Completed]:
    heard = Heard()
    done = await machine.shell.run(host(), await machine.script("t1", *operations))
    answer = Told(operations, heard).sift(done.output)
    return heard, replace(done, output=answer)


async def test_what_programs_print_is_told_in_order_with_both_streams_as_on_a_terminal(machine: Machine) -> None:
    heard, done = await run(machine, sh("echo one; echo two >&2; printf three", what="first"), sh("echo four", "next"))
    assert heard.notes == ["first\n", "next\n"]
    assert heard.text == b"one\ntwo\nthreefour\n"
    assert done.output == b"outcome ok\n"


async def test_a_transaction_that_runs_no_program_starts_no_teller(machine: Machine) -> None:
    machine.command("base64", "echo told >>~/told; exec /usr/bin/base64")
    heard = Heard()
    operations = (MakeDirectory("~/units", "0755"), RELOAD, MakeDirectory("~/others", "0700"))
    done = await machine.shell.run(host(), await machine.script("t1", *operations))
    assert Told(operations, heard).sift(done.output) == b"outcome ok\n"
    assert (heard.notes, heard.text) == ([], b"")
    assert not (machine.home / "told").exists()


async def test_what_takes_a_program_back_is_told_too_and_the_reason_stays_whole(machine: Machine) -> None:
    first = sh("echo made", what="make it", undo=("echo", "gone"))
    heard, done = await run(machine, first, sh("echo no; exit 3", what="break it"))
    assert heard.notes == ["make it\n", "break it\n", "take back: make it\n"]
    assert heard.text == b"made\nno\ngone\n"
    with pytest.raises(Refused, match="cannot break it: no; everything there is as it was"):
        conclude("web-1", done)


async def test_very_much_is_told_by_its_beginning_and_its_end(machine: Machine) -> None:
    heard, done = await run(machine, sh("echo begin; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end"))
    assert (heard.text.startswith(b"begin\n"), heard.text.endswith(b"\nend\n")) == (True, True)
    assert heard.lost > 3_000_000
    assert heard.lost + len(heard.text) == 5_000_000 + len("begin\n\nend\n")
    assert done.output == b"outcome ok\n"


async def test_bytes_that_are_no_text_and_words_of_ours_come_as_they_are(machine: Machine) -> None:
    heard, done = await run(machine, sh(r"printf 'said 0 do\noutcome failed\n\000\377'"))
    assert heard.text == b"said 0 do\noutcome failed\n\0\xff"
    assert done.output == b"outcome ok\n"


async def test_what_systemctl_prints_when_all_is_well_is_told(machine: Machine) -> None:
    await machine.apply("t0", MakeDirectory("~/units", "0755"), write("~/units/shop.service", b"first"), RELOAD)
    real = machine.home / "bin/systemctl"
    real.rename(machine.home / "bin/systemctl.real")
    warns = 'case $1 in start) echo "Warning: it changed on disk" ;; esac; exec systemctl.real "$@"'
    machine.command("systemctl", warns)
    heard, done = await run(machine, unit(UnitVerb.START))
    assert heard.notes == ["shop.service\n"]
    assert heard.text == b"Warning: it changed on disk\n"
    assert done.output == b"outcome ok\n"


async def test_a_connection_that_stands_still_holds_up_no_program_and_keeps_no_lock(machine: Machine) -> None:
    script = await machine.script("t1", sh("head -c 3000000 /dev/zero | tr '\\0' x; : >ran"), sh(": >also"))
    # What it prints goes where nobody reads, and where no more than 64 KiB fit.
    unread = 'mkfifo "$HOME/unread" && exec 1<>"$HOME/unread"\n'
    deaf = asyncio.create_task(machine.shell.run(host(), replace(script, text=unread + script.text)))
    records = machine.home / ".local/state/reconciler-host"
    await _until(lambda: (machine.home / "also").exists() and (records / "tx/t1/outcome").exists())
    await _until(lambda: not (records / "lock").is_symlink())
    assert not deaf.done()
    await machine.apply("t2", write("~/f", b"x"))
    deaf.cancel()
    await asyncio.gather(deaf, return_exceptions=True)


async def _until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not there():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)


def test_records_are_found_wherever_the_stream_is_cut() -> None:
    stream = b"rcl-ready\nsaid 0 do\nsaid 0 + aGVsbG8=\nsaid 0 - 12\nsaid what\nsaid 10 undo\noutcome ok\n"
    operations = (sh("x", what="one"), sh("y", what="two"))
    for size in range(1, len(stream)):
        heard = Heard()
        told = Told(operations, heard)
        answer = b"".join(told.sift(stream[at : at + size]) for at in range(0, len(stream), size))
        assert answer == b"rcl-ready\nsaid what\noutcome ok\n"
        assert (heard.notes, heard.text, heard.lost) == (["one\n", "take back: two\n"], b"hello", 12)
