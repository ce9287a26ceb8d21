"""A report as a document: what it says, not how it looks. Every format is made from this."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Tone(StrEnum):
    """Whether something is well."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Words:
    """Text in a cell or a fact, with its tone."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure that is seen first, its name, and a line that says what it was before or what it means."""

    name: str
    figure: str
    note: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Tiles:
    """Figures side by side."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Command:
    """A command that somebody may want to run, and what for."""

    line: str
    what: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are."""

    facts: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head. ``numbers`` are the columns that hold figures; ``empty`` is said where there are no rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    numbers: frozenset[int] = frozenset()
    empty: str = "None."


@dataclass(frozen=True, slots=True)
class Series:
    """Values under one name, one for each label of its chart; None where there is none."""

    name: str
    values: tuple[float | None, ...]


class Drawn(StrEnum):
    """How a chart is drawn: values upon each other over time, lines over time, or lying bars with names."""

    STACKED = "stacked"
    LINES = "lines"
    LYING = "lying"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture of figures that stand in tables too; ``said`` tells in words what is to be seen in it."""

    title: str
    said: str
    drawn: Drawn
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""


Block: TypeAlias = Tiles | Prose | Facts | Table | Chart | Command


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report; ``about`` says in a line what it is about and when it was made."""

    title: str
    about: str
    sections: tuple[Section, ...]


def plain(text: str) -> Words:
    """Return words with no tone."""
    return Words(text)
