"""What every Shell does."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.ports.errors import Broken, TimedOut, Unreachable
from reconciler.ports.shell import Script
from tests.contract.conftest import World

_COUNT = "wc -c"


async def test_status_output_and_errors_come_back_apart(world: World) -> None:
    done = await world.shell.run(world.host(), Script(text="echo out; echo err >&2; exit 7"))
    assert (done.status, done.output, done.errors) == (7, b"out\n", "err\n")


async def test_the_status_of_the_last_command_is_the_status_of_the_script(world: World) -> None:
    assert (await world.shell.run(world.host(), Script(text="true\nfalse"))).status == 1
    assert (await world.shell.run(world.host(), Script(text="false\ntrue"))).status == 0


async def test_a_script_reads_its_payloads_one_after_the_other(world: World, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"\x00\xff\n" * 400_000)
    text = "dd bs=5 count=1 iflag=fullblock 2>/dev/null; echo; " + _COUNT
    done = await world.shell.run(world.host(), Script(text=text, payloads=(b"ab\ncd", large)))
    assert done.output.split() == [b"ab", b"cd", b"1200000"]


async def test_a_script_that_ends_early_need_not_read_its_payloads(world: World) -> None:
    done = await world.shell.run(world.host(), Script(text="echo bye; exit 3", payloads=(b"x" * 8_000_000,)))
    assert (done.status, done.output) == (3, b"bye\n")


async def test_binary_output_is_not_touched(world: World) -> None:
    done = await world.shell.run(world.host(), Script(text="cat", payloads=(bytes(range(256)) * 300,)))
    assert done.output == bytes(range(256)) * 300


async def test_nothing_of_a_script_is_in_the_arguments_of_a_process(world: World) -> None:
    seen = "cat /proc/$$/cmdline /proc/$PPID/cmdline | tr '\\0' ' '"
    done = await world.shell.run(world.host(), Script(text=f"hidden=one-very-special-word\n{seen}"))
    assert b"sh -c" in done.output
    assert b"one-very-special-word" not in done.output


async def test_a_script_that_takes_too_long_is_an_error_that_says_so(world: World) -> None:
    with pytest.raises(TimedOut, match=r"did not end within 0\.3 s"):
        await world.shell.run(world.host(), Script(text="sleep 20", limit=timedelta(seconds=0.3)))
    assert (await world.shell.run(world.host(), Script(text="echo still here"))).output == b"still here\n"


async def test_many_scripts_run_at_once_on_one_connection(world: World) -> None:
    runs = (world.shell.run(world.host(), Script(text=f"echo {n}")) for n in range(30))
    assert [done.output for done in await asyncio.gather(*runs)] == [b"%d\n" % n for n in range(30)]


async def test_output_without_end_is_an_error_and_not_a_full_memory(world: World) -> None:
    with pytest.raises(Broken, match="more than 64 MiB"):
        await world.shell.run(world.host(), Script(text="exec cat /dev/zero"))


async def test_a_cancelled_run_leaves_the_connection_usable(world: World) -> None:
    runs = [asyncio.create_task(world.shell.run(world.host(), Script(text="sleep 20"))) for _ in range(4)]
    await world.shell.run(world.host(), Script(text="true"))
    for run in runs:
        run.cancel()
    assert all(isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*runs, return_exceptions=True))
    assert (await world.shell.run(world.host(), Script(text="echo on"))).output == b"on\n"


async def test_a_host_that_was_cut_off_is_unreachable_and_comes_back(world: World) -> None:
    await world.shell.run(world.host(), Script(text="true"))
    await world.cut()
    with pytest.raises(Unreachable, match=r"cannot connect to .* connection refused; is sshd running\?"):
        await world.shell.run(world.host(), Script(text="true"))
    await world.restore()
    async with asyncio.timeout(10):
        while True:
            try:
                done = await world.shell.run(world.host(), Script(text="echo back"))
                break
            except Unreachable:
                await asyncio.sleep(0.05)
    assert done.output == b"back\n"


async def test_a_connection_that_breaks_while_a_script_runs_is_never_taken_for_an_end(world: World) -> None:
    run = asyncio.create_task(world.shell.run(world.host(), Script(text="echo; sleep 20")))
    await world.shell.run(world.host(), Script(text="true"))
    await world.cut()
    with pytest.raises(Unreachable):
        await run
