"""What programs on targets printed: by step and target, or line by line as it comes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from rich.text import Text

from reconciler.cli.render.words import ago
from reconciler.control.clean import clean
from reconciler.control.phrases import short
from reconciler.control.steps import steps
from reconciler.model.change import Cause
from reconciler.model.output import Piece, Stream
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout

FORMAT = "reconciler/logs/v1"

Key: TypeAlias = tuple[str, int, str]
"""Plan, step and target."""

_COLOURING = re.compile(r"\x1b\[[0-9;:?]*[@-~]")
_STYLES = {Stream.NOTE: "bold", Stream.ERRORS: "red", Stream.OUTPUT: ""}


def logs_text(rollout: Rollout, pieces: Sequence[Piece], plans: Mapping[str, Plan], now: datetime) -> Text:
    """Return all of it, under a heading for each step and target, in the order of the steps."""
    lines = [Text.assemble((_rollout(rollout), "bold"), f", begun {ago(rollout.started_at, now)}")]
    if not pieces:
        lines.append(Text("Nothing was printed, or it is kept no more."))
    begun = list(dict.fromkeys(each.plan for each in pieces))
    sheets: dict[Key, _Sheet] = {}
    for piece in sorted(pieces, key=lambda each: (begun.index(each.plan), each.step, each.target, each.number)):
        key = piece.plan, piece.step, piece.target
        if key not in sheets:
            lines += [*(sheets[each].rest() for each in list(sheets)[-1:]), Text(), _heading(piece, plans)]
            sheets[key] = _Sheet()
        lines += sheets[key].lines(piece)
    lines += [sheets[each].rest() for each in list(sheets)[-1:]]
    return Text("\n").join(each for each in lines if each is not _NOTHING)


def _rollout(rollout: Rollout) -> str:
    state = rollout.state.value.replace("_", " ")
    what = f"{clean(str(rollout.unit))} {clean(rollout.version)} at {short(rollout.commit)}"
    return f"{what}: {state} (rollout {clean(rollout.id)})"


def _heading(piece: Piece, plans: Mapping[str, Plan]) -> Text:
    plan = plans.get(piece.plan)
    where = f" on {clean(piece.target)}" if piece.target else ""
    if plan is None or piece.step >= len(plan.steps):
        return Text.assemble((f"Step {piece.step + 1}{where}", "bold"))
    back = "Back: step" if plan.cause is Cause.REVERT else "Step"
    what = list(steps(plan))[piece.step]
    return Text.assemble((f"{back} {piece.step + 1} of {len(plan.steps)}{where}", "bold"), (f" - {what}", "dim"))


_NOTHING = Text()


@dataclass(slots=True)
class _Sheet:
    """What one step printed on one target: its lines, and how far they go. A line may come in several pieces."""

    end: int | None = None
    open: str = ""
    at: datetime | None = None
    stream: Stream = Stream.OUTPUT

    def lines(self, piece: Piece) -> Iterator[Text]:
        """Yield the lines that are whole with this piece; what is left out is said in its place."""
        left_out = piece.start - self.end if self.end is not None else 0
        if self.open and (left_out or piece.stream is not self.stream):
            yield self.rest()
        if left_out > 0:
            yield Text(f"{'':10}... {_size(left_out)} left out ...", "yellow")
        self.end, self.stream = piece.start + piece.size, piece.stream
        *whole, last = piece.text.replace("\r\n", "\n").split("\n")
        for line in whole:
            yield self._line(self.open + line, self.at if self.open and self.at else piece.at)
            self.open = ""
        if last:
            self.at = self.at if self.open else piece.at
            self.open += last

    def rest(self) -> Text:
        """Return the line that has not ended, if there is one."""
        line, self.open = self.open, ""
        return self._line(line, self.at) if line and self.at else _NOTHING

    def _line(self, line: str, at: datetime) -> Text:
        # Of what wrote over itself the last is left, as on a terminal.
        shown = clean(_COLOURING.sub("", line.rstrip("\r").rpartition("\r")[2]).expandtabs(8))
        mark = {Stream.NOTE: "* ", Stream.ERRORS: "! ", Stream.OUTPUT: "  "}[self.stream]
        return Text.assemble((f"{at:%H:%M:%S}", "dim"), mark, (shown, _STYLES[self.stream]))


@dataclass(slots=True)
class Following:
    """What is told line by line as it comes; each line says where it is from."""

    plans: dict[str, Plan] = field(default_factory=dict)
    _sheets: dict[Key, _Sheet] = field(default_factory=dict)
    _told: tuple[str, int] | None = None

    def lines(self, pieces: Sequence[Piece]) -> list[Text]:
        """Return the lines that follow from the pieces; without any, those that seem to be all there is for now."""
        found: list[Text] = []
        for piece in pieces:
            if self._told != (piece.plan, piece.step):
                self._told = (piece.plan, piece.step)
                found.append(_heading(replace(piece, target=""), self.plans))
            sheet = self._sheets.setdefault((piece.plan, piece.step, piece.target), _Sheet())
            found += [_from(piece.target, line) for line in sheet.lines(piece)]
        return found if pieces else self._open()

    def end(self, rollout: Rollout) -> list[Text]:
        """Return what is left, and how it ended."""
        because = f": {clean(rollout.reason)}" if rollout.reason else ""
        return [*self._open(), Text(f"{_rollout(rollout)}{because}", "bold")]

    def _open(self) -> list[Text]:
        rests = [(target, sheet.rest()) for (_, _, target), sheet in self._sheets.items()]
        return [_from(target, line) for target, line in rests if line is not _NOTHING]


def _from(target: str, line: Text) -> Text:
    return Text.assemble((f"{clean(target)}  " if target else "", "cyan"), line)


def _size(count: int) -> str:
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.1f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"


def logs_json(rollout: Rollout, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Return the pieces as a JSON value of format ``reconciler/logs/v1``; times are RFC 3339, steps count from 1."""
    return {
        "format": FORMAT,
        "unit": str(rollout.unit),
        "rollout": rollout.id,
        "state": rollout.state.value,
        "pieces": [piece_json(each) for each in pieces],
    }


def piece_json(piece: Piece) -> dict[str, Any]:
    """Return a piece as a JSON value."""
    return {
        "number": piece.number,
        "rollout": piece.rollout,
        "plan": piece.plan,
        "step": piece.step + 1,
        "target": piece.target,
        "stream": piece.stream.value,
        "at": piece.at.isoformat(),
        "start": piece.start,
        "size": piece.size,
        "printed": piece.text,
    }
