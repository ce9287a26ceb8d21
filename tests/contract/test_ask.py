"""What every Shell does with questions: scripts that look, asked again and again."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.ports.errors import Broken, TimedOut, Unreachable
from reconciler.ports.shell import Completed, Question, Reply
from tests.contract.conftest import World


@pytest.fixture
def world(any_world: World) -> World:
    return any_world


async def ask(world: World, text: str, known: str = "", seconds: float = 60) -> Reply:
    question = Question(text=text, known=known, limit=timedelta(seconds=seconds))
    return await world.shell.ask(world.host(), question)


async def said(world: World, text: str) -> Completed:
    reply = await ask(world, text)
    assert reply.completed is not None
    return reply.completed


async def test_status_and_output_come_back_and_errors_when_it_failed(world: World) -> None:
    assert await said(world, "echo out; echo err >&2; exit 7") == Completed(7, b"out", "err")
    assert await said(world, "echo out; echo err >&2") == Completed(0, b"out", "")


async def test_what_has_not_changed_is_said_in_a_word(world: World) -> None:
    text = "cat here 2>/dev/null"
    await said(world, "rm -f here")
    missing = await ask(world, f"{text}; true")
    await said(world, "echo one >here")
    first = await ask(world, f"{text}; true", missing.mark)
    again = await ask(world, f"{text}; true", first.mark)
    await said(world, "echo two >here")
    other = await ask(world, f"{text}; true", again.mark)
    answers = [reply.completed and reply.completed.output for reply in (missing, first, again, other)]
    assert answers == [b"", b"one", None, b"two"]
    assert again.mark == first.mark


async def test_only_the_newest_answer_to_the_very_question_counts_as_known(world: World) -> None:
    one, two = await ask(world, "echo same"), await ask(world, "echo same; true")
    assert (await ask(world, "echo same", two.mark)).completed == Completed(0, b"same", "")
    assert (await ask(world, "echo same; true", one.mark)).completed == Completed(0, b"same", "")
    assert (await ask(world, "echo same", "made up")).completed == Completed(0, b"same", "")


async def test_many_questions_take_turns_in_what_a_shell_can_keep(world: World) -> None:
    marks = [(await ask(world, f"echo {number}")).mark for number in range(20)]
    for number, mark in enumerate(marks):
        reply = await ask(world, f"echo {number}", mark)
        assert reply.completed is None or reply.completed.output == b"%d" % number


async def test_a_failure_is_never_the_same_as_before(world: World) -> None:
    text = "echo out; test -e failing"
    failed = await ask(world, text)
    await said(world, "touch failing")
    assert (await ask(world, text, failed.mark)).completed == Completed(0, b"out", "")
    await said(world, "rm failing")
    assert (await ask(world, text, failed.mark)).completed == Completed(1, b"out", "")


async def test_a_question_leaves_nothing_to_the_next(world: World) -> None:
    spoiling = (
        "cd /; x=spoilt; kept_slot=9; IFS=/; set -f; exec 2>&1; umask 0777; export PATH=/none",
        "exit 3",
        "exec true",
        "kill -9 $$ &",
        "cat; read -r x",
        "rcl() { echo spoilt; }; alias echo=false",
        "trap 'exit 9' 0",
        "1 '(",
    )
    for text in spoiling:
        try:
            await ask(world, text)
        except Unreachable:
            continue
    done = await said(world, 'echo "${x-clean}" "$(pwd | tr / .)" "$(command -v rcl)"; umask; ls >/dev/null && echo ok')
    assert done.output.startswith(b"clean ")
    assert b"spoilt" not in done.output
    assert done.output.endswith(b"ok")


async def test_a_late_word_of_a_process_left_behind_reaches_nobody(world: World) -> None:
    await said(world, "( sleep 0.2; echo late; echo late >&2 ) >/dev/null 2>&1 & echo soon")
    for _ in range(20):
        assert await said(world, "echo mine; sleep 0.02") == Completed(0, b"mine", "")


async def test_any_text_comes_back_as_it_is(world: World, tmp_path: Path) -> None:
    every = "".join(f"\\{byte:03o}" for byte in range(1, 256))
    assert (await said(world, f"printf '%b' '{every}x'")).output == bytes(range(1, 256)) + b"x"
    assert len((await said(world, "dd if=/dev/zero bs=1000 count=1000 2>/dev/null | tr '\\0' x")).output) == 1_000_000


async def test_a_question_of_any_length_is_asked(world: World) -> None:
    long = "ü" * 100_000
    assert (await said(world, f"# {long}\necho '{long}'")).output == long.encode()


async def test_nothing_of_a_question_is_in_the_arguments_of_a_process(world: World) -> None:
    seen = "cat /proc/$$/cmdline /proc/$PPID/cmdline | tr '\\0' ' '"
    done = await said(world, f"hidden=one-very-special-word\n{seen}")
    assert b"sh -c" in done.output
    assert b"one-very-special-word" not in done.output


async def test_a_question_that_takes_too_long_is_an_error_and_the_next_is_answered(world: World) -> None:
    with pytest.raises(TimedOut, match=r"did not end within 0\.3 s"):
        await ask(world, "sleep 20", seconds=0.3)
    assert (await said(world, "echo still here")).output == b"still here"


async def test_many_questions_at_once_are_all_answered(world: World) -> None:
    answers = await asyncio.gather(*(said(world, f"echo {number}") for number in range(30)))
    assert [each.output for each in answers] == [b"%d" % number for number in range(30)]


async def test_a_cancelled_question_does_not_mix_with_the_next(world: World) -> None:
    asking = asyncio.create_task(ask(world, "echo wrong; sleep 20"))
    await said(world, "true")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await said(world, "echo on")).output == b"on"


async def test_a_host_that_comes_back_is_asked_anew_and_knows_nothing(world: World) -> None:
    before = await ask(world, "echo same")
    await world.cut()
    with pytest.raises(Unreachable):
        await ask(world, "echo same", before.mark)
    await world.restore()
    async with asyncio.timeout(10):
        while True:
            try:
                after = await ask(world, "echo same", before.mark)
                break
            except Unreachable:
                await asyncio.sleep(0.05)
    assert after.completed == Completed(0, b"same", "")


async def test_a_shell_that_was_ended_on_the_host_is_started_anew(world: World) -> None:
    with pytest.raises(Unreachable):
        await ask(world, "kill -9 $$; sleep 20")
    assert (await said(world, "echo again")).output == b"again"


async def test_an_answer_without_end_is_an_error(world: World) -> None:
    with pytest.raises(Broken, match="more than 64 MiB"):
        await ask(world, "dd if=/dev/zero bs=1000000 count=70 2>/dev/null | tr '\\0' x")
