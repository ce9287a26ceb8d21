"""A report as Markdown, as forges and wikis read it: nothing in the data can be markup. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import assert_never

from reconciler.report.document import Block, Chart, Command, Document, Facts, Prose, Table, Tiles, Tone, Words
from reconciler.report.render_text import one_line

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~$&@]|:(?=//)|^[-+#=]|(?<=^\d)[.)](?= ))")
_MARKS = {Tone.PLAIN: "", Tone.GOOD: "", Tone.BAD: "❌ ", Tone.UNSURE: "❔ "}


def markdown(document: Document) -> str:
    """Return the report as Markdown with tables."""
    lines = [f"# {escape(document.title)}", "", escape(document.about)]
    for section in document.sections:
        lines += ["", f"## {escape(section.title)}"]
        for block in section.blocks:
            said = list(_block(block))
            lines += ["", *said] if said else []
    return "\n".join(lines) + "\n"


def escape(said: str) -> str:
    """Return a text on one line, with every character that may mean something escaped."""
    return _SPECIAL.sub(r"\\\1", one_line(said))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Prose(said, tone):
            yield _MARKS[tone] + escape(said)
        case Tiles(tiles):
            yield from _rows(("", "", ""), [(tile.name, tile.figure, tile.note) for tile in tiles], frozenset({1}))
        case Facts(facts):
            for name, words in facts:
                yield f"- **{escape(name)}**: {_words(words)}"
        case Table(head=head, rows=rows, numbers=numbers, empty=empty):
            if not rows:
                yield escape(empty)
                return
            yield from _lines(
                [escape(each) for each in head], [[_words(each) for each in row] for row in rows], numbers
            )
        case Command(line, what):
            yield f"{escape(what)}:"
            yield ""
            yield f"    {one_line(line)}"
        case Chart():
            return
        case _:
            assert_never(block)


def _words(words: Words) -> str:
    return _MARKS[words.tone] + escape(words.text)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[int]) -> Iterator[str]:
    yield from _lines([escape(each) for each in head], [[escape(each) for each in row] for row in rows], numbers)


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[int]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('--:' if index in numbers else '---' for index in range(len(head)))} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
