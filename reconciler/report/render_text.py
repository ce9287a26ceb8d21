"""A report as plain text of some width. Pure; what is not visible in it is for the terminal to make visible."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import assert_never

from reconciler.report.document import Block, Chart, Command, Document, Facts, Prose, Table, Tiles, Tone

_MARKS = {Tone.PLAIN: "", Tone.GOOD: "", Tone.BAD: "! ", Tone.UNSURE: "? "}
_WIDEST = 46
_GAP = "  "


def text(document: Document, width: int) -> str:
    """Return the report as text; its prose is wrapped at the width, its tables are as wide as they have to be."""
    title = one_line(document.title)
    lines = [title, "=" * len(title), *_wrapped(one_line(document.about), width)]
    for section in document.sections:
        heading = one_line(section.title)
        lines += ["", heading, "-" * len(heading)]
        blocks = [said for block in section.blocks if (said := list(_block(block, width)))]
        lines += [line for said in blocks for line in ("", *said)][1:]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _block(block: Block, width: int) -> Iterator[str]:
    match block:
        case Prose(said, tone):
            yield from _wrapped(_MARKS[tone] + one_line(said), width)
        case Tiles(tiles):
            told = [
                (one_line(tile.name), _MARKS[tile.tone] + one_line(tile.figure), one_line(tile.note)) for tile in tiles
            ]
            names, figures = (max(len(each[at]) for each in told) for at in (0, 1))
            for name, figure, note in told:
                yield f"{name:<{names}}{_GAP}{figure:>{figures}}{_GAP}{note}"
        case Facts(facts):
            names = max((len(one_line(name)) for name, _ in facts), default=0)
            for name, words in ((one_line(name), words) for name, words in facts):
                hang = " " * (names + len(_GAP))
                said = _MARKS[words.tone] + one_line(words.text)
                yield from _wrapped(said, width, f"{name:<{names}}{_GAP}", hang)
        case Table():
            yield from _table(block, width)
        case Command(line, what):
            yield f"{one_line(what)}:"
            yield f"  {one_line(line)}"
        case Chart():
            return  # its figures stand in a table beside it
        case _:
            assert_never(block)


def _table(table: Table, width: int) -> Iterator[str]:
    if not table.rows:
        yield one_line(table.empty)
        return
    cells = [[_MARKS[each.tone] + one_line(each.text) for each in row] for row in table.rows]
    columns = list(zip(table.head, *cells, strict=True))
    widths = [min(max(len(each) for each in column), _WIDEST) for column in columns]
    # The last column is mostly words: it gets what is left of the line.
    if len(widths) - 1 not in table.numbers:
        widths[-1] = max(widths[-1], width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1))
    yield from _row([one_line(each) for each in table.head], widths, table.numbers)
    for row in cells:
        yield from _row(row, widths, table.numbers)


def _row(cells: Sequence[str], widths: Sequence[int], numbers: frozenset[int]) -> Iterator[str]:
    parts = [
        textwrap.wrap(cell, size, break_on_hyphens=False) or [""] for cell, size in zip(cells, widths, strict=True)
    ]
    for index in range(max(len(part) for part in parts)):
        yield _GAP.join(
            (part[index] if index < len(part) else "").rjust(size)
            if column in numbers
            else (part[index] if index < len(part) else "").ljust(size)
            for column, (part, size) in enumerate(zip(parts, widths, strict=True))
        )


def _wrapped(said: str, width: int, first: str = "", hang: str = "") -> list[str]:
    return textwrap.wrap(
        said, width, initial_indent=first, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    ) or [first]


def one_line(said: str) -> str:
    """Return the text on one line: nothing in it can begin a line of its own."""
    return " ".join(said.split())
