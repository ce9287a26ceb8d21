"""Builds a coloured text line by line; prose is wrapped, contents never are."""

import textwrap

from rich.text import Text

_NO_BREAK = "\0"


def unbroken(words: str) -> str:
    """Return words, such as a command to copy, that prose does not break over two lines."""
    return words.replace(" ", _NO_BREAK)


class Lines:
    """Lines of text in order. Everything added has been cleaned by the caller."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: list[Text] = []

    def add(self, *spans: str | tuple[str, str]) -> None:
        """Add one line, never wrapped; a span is plain or (text, style)."""
        line = Text.assemble(*spans)
        line.rstrip()
        self._lines.append(line)

    def prose(self, text: str, indent: str = "", hang: str = "", style: str = "") -> None:
        """Add a sentence, wrapped at the width; following lines start with ``hang``."""
        wrapped = textwrap.wrap(
            text,
            self._width,
            initial_indent=indent,
            subsequent_indent=hang or indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        self._lines += [Text(line.replace(_NO_BREAK, " "), style) for line in wrapped]

    def gap(self) -> None:
        """Add an empty line, unless it would be the first or a second one."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def text(self) -> Text:
        """Return all of it; lines are separated, not ended, by line feeds."""
        return Text("\n").join(self._lines)
