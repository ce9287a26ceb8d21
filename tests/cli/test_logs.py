"""How what was printed is shown: by step and target, line by line as it comes, and harmless to a terminal."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli.render.logs import Following, logs_text
from reconciler.model.change import Cause
from reconciler.model.output import Piece, Place, Stream
from reconciler.model.rollout import State
from reconciler.store.journal import SqliteStore
from reconciler.store.outputs import Fresh
from tests.api.world import prepared
from tests.cli.examples import NOW, SHOP
from tests.cli.journals import Run
from tests.cli.pictures import five_steps, rollout

PLAN = five_steps()
ROLLOUT = replace(rollout(SHOP, State.REVERTED), id="r1", plan=PLAN.id)
LATER = NOW + timedelta(minutes=5)


class Printer:
    """Makes pieces one after the other, each where the one before on its step and target ends."""

    def __init__(self) -> None:
        self._ends: dict[tuple[str, int, str], int] = {}
        self._number = 0

    def piece(
        self,
        text: str,
        step: int = 0,
        target: str = "web-1",
        stream: Stream = Stream.OUTPUT,
        skip: int = 0,
        plan: str = PLAN.id,
    ) -> Piece:
        self._number += 1
        key, size = (plan, step, target), len(text.encode())
        start = self._ends.get(key, 0) + skip
        self._ends[key] = start + size
        return Piece(
            number=self._number,
            rollout="r1",
            plan=plan,
            step=step,
            target=target,
            stream=stream,
            at=NOW + timedelta(seconds=self._number),
            start=start,
            size=size,
            text=text,
        )


@pytest.fixture
def printer() -> Printer:
    return Printer()


def shown(*pieces: Piece) -> list[str]:
    return logs_text(ROLLOUT, pieces, {PLAN.id: PLAN}, LATER).plain.split("\n")


def test_it_is_shown_by_step_and_target_whatever_came_first(printer: Printer) -> None:
    told = shown(
        printer.piece("run load\n", stream=Stream.NOTE),
        printer.piece("a\n", target="web-2"),
        printer.piece("b\nc\n"),
        printer.piece("d\n", 1),
        printer.piece("e\n", target="web-2"),
    )
    assert told[0].startswith("shop@production ")
    assert ": reverted (rollout r1), begun " in told[0]
    headings = [each.partition(" - ")[0] for each in told if each.startswith("Step")]
    assert headings == ["Step 1 of 5 on web-1", "Step 1 of 5 on web-2", "Step 2 of 5 on web-1"]
    lines = [each for each in told[1:] if each and not each.startswith("Step")]
    assert lines == ["12:00:01* run load", "12:00:03  b", "12:00:03  c", "12:00:02  a", "12:00:05  e", "12:00:04  d"]


def test_what_is_left_out_is_said_where_it_is_missing(printer: Printer) -> None:
    told = shown(printer.piece("a\n"), printer.piece("b\n", skip=1_258_291), printer.piece("c\n", skip=17))
    assert [each.strip() for each in told[3:]] == [
        "12:00:01  a",
        "... 1.2 MiB left out ...",
        "12:00:02  b",
        "... 17 bytes left out ...",
        "12:00:03  c",
    ]


def test_a_line_that_came_in_parts_is_one_line_and_errors_are_marked(printer: Printer) -> None:
    told = shown(
        printer.piece("one"),
        printer.piece(" two\nthr"),
        printer.piece("bad\n", stream=Stream.ERRORS),
        printer.piece("end"),
    )
    assert told[3:] == ["12:00:01  one two", "12:00:02  thr", "12:00:03! bad", "12:00:04  end"]


@pytest.mark.parametrize(
    ("printed", "line"),
    [
        ("\x1b[1;32mok\x1b[0m", "ok"),
        ("10%\r50%\r100%", "100%"),
        ("windows\r", "windows"),
        ("\x1b]0;title\x07x", "\\x1b]0;title\\x07x"),
        ("a\u202eb", "a\\u202eb"),
        ("a\tb", "a       b"),
    ],
)
def test_no_character_reaches_the_terminal(printer: Printer, printed: str, line: str) -> None:
    assert shown(printer.piece(f"{printed}\n"))[3:] == [f"12:00:01  {line}"]


def test_the_way_back_is_named_and_a_plan_that_is_gone_does_no_harm(printer: Printer) -> None:
    back = replace(PLAN, id="back", cause=Cause.REVERT)
    pieces = (printer.piece("a\n", plan="back"), printer.piece("b\n", plan="gone"))
    told = logs_text(ROLLOUT, pieces, {"back": back}, LATER).plain.split("\n")
    assert [each.partition(" - ")[0] for each in told if "tep" in each] == [
        "Back: step 1 of 5 on web-1",
        "Step 1 on web-1",
    ]


def test_nothing_printed_is_said(printer: Printer) -> None:
    assert shown()[1:] == ["Nothing was printed, or it is kept no more."]


def test_line_by_line_each_says_where_it_is_from_and_an_open_line_is_told_when_it_is_quiet(printer: Printer) -> None:
    following = Following({PLAN.id: PLAN})
    told = following.lines([printer.piece("a\nb"), printer.piece("c\n", target="web-2")])
    assert [each.plain.partition(" - ")[0] for each in told] == [
        "Step 1 of 5",
        "web-1  12:00:01  a",
        "web-2  12:00:02  c",
    ]
    assert [each.plain for each in following.lines([])] == ["web-1  12:00:01  b"]
    assert following.lines([]) == []
    (end,) = following.end(ROLLOUT)
    assert ": reverted (rollout r1)" in end.plain


@pytest.fixture
def filled(state: Path) -> None:
    state.mkdir()

    async def fill() -> None:
        await prepared(state)
        store = await SqliteStore.open(state / "journal.db")
        (known,) = await store.history.rollouts(SHOP)
        place = Place(unit=SHOP, rollout=known.id, plan=known.plan, step=0)
        await store.outputs.put(
            [
                Fresh(place, "web-1", Stream.OUTPUT, NOW, 0, b"hello\n"),
                Fresh(replace(place, step=1), "web-1", Stream.OUTPUT, NOW, 0, b"bye\n"),
            ]
        )
        await store.close()

    asyncio.run(fill())


@pytest.mark.usefixtures("filled")
def test_the_command_shows_what_is_asked_for(run: Run) -> None:
    said = run("logs", "shop@production")
    assert said.exit_code == 0, said.output
    assert ("hello" in said.output, "bye" in said.output) == (True, True)
    told = json.loads(run("logs", "shop@production", "--step", "2", "--json").output)
    assert told["format"] == "reconciler/logs/v1"
    assert [(each["step"], each["target"], each["printed"]) for each in told["pieces"]] == [(2, "web-1", "bye\n")]
    assert json.loads(run("logs", "shop@production", "--since", "1m", "--json").output)["pieces"] == []


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shop@prod"], "did you mean shop@production?"),
        (["shop@production", "--rollout", "r9"], "shop@production has no rollout r9"),
        (["shop@production", "--step", "0"], "0 is not in the range"),
        (["shop@production", "--since", "soon"], "soon"),
    ],
)
def test_what_is_not_there_is_named(run: Run, words: list[str], told: str) -> None:
    said = run("logs", *words)
    assert said.exit_code != 0
    assert told in " ".join((said.output + said.stderr).split())
