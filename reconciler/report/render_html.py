"""A report as one page of HTML that asks nobody for anything: its style and its pictures are in it. Pure.

A policy in the page itself forbids every request, script, form and frame, also where its text were no text.
"""

from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import TypeAlias, assert_never

from reconciler.report.document import (
    Block,
    Chart,
    Command,
    Document,
    Facts,
    Prose,
    Section,
    Table,
    Tile,
    Tiles,
    Tone,
    Words,
)
from reconciler.report.markup import Markup, element, joined, trusted

Draw: TypeAlias = Callable[[Chart, float], str]
"""Draws a chart as SVG, so many inches wide."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
NO_PLOTS = "There are no plots in this page: what draws them is not installed (pip install 'reconciler[report]')."
WIDE, NARROW = 10.4, 4.6
"""How wide charts are drawn for screens and for phones, in inches: on both their text has the size of the page's."""


def html(document: Document, draw: Draw | None) -> str:
    """Return the page; without ``draw`` it has no pictures, and says how to get them."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", document.title),
        element("style", trusted(files("reconciler.report").joinpath("style.css").read_text(encoding="utf-8"))),
    )
    top = element("header", element("h1", document.title), element("p", document.about))
    main = element("main", *(_section(each, draw) for each in document.sections))
    has_charts = any(isinstance(block, Chart) for section in document.sections for block in section.blocks)
    foot = [element("footer", element("p", NO_PLOTS))] if has_charts and draw is None else []
    page = element("html", head, "\n", element("body", top, "\n", main, *foot), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _section(section: Section, draw: Draw | None) -> Markup:
    blocks = (each for block in section.blocks for each in _block(block, draw))
    return joined(element("section", element("h2", section.title), *blocks), "\n")


def _block(block: Block, draw: Draw | None) -> Iterator[Markup]:
    match block:
        case Prose(text, tone):
            yield element("p", text, class_=tone.value)
        case Tiles(tiles):
            yield element("div", *(_tile(tile) for tile in tiles), class_="tiles")
        case Facts(facts):
            yield element("dl", *(each for name, words in facts for each in _fact(name, words)))
        case Table():
            yield _table(block)
        case Command(line, what):
            yield element("p", f"{what}: ", element("code", line))
        case Chart():
            if draw is not None:
                yield _figure(block, draw, "wide", WIDE)
                yield _figure(block, draw, "narrow", NARROW)
        case _:
            assert_never(block)


def _tile(tile: Tile) -> Markup:
    return element(
        "div",
        element("div", tile.name, class_="name"),
        element("div", tile.figure, class_="figure"),
        element("div", tile.note, class_="note"),
        class_=f"tile {tile.tone.value}",
    )


def _fact(name: str, words: Words) -> Iterator[Markup]:
    yield element("dt", name)
    yield element("dd", _words(words))


def _words(words: Words) -> Markup:
    if words.tone is Tone.PLAIN:
        return joined(words.text)
    return element("span", words.text, class_=f"mark {words.tone.value}")


def _table(table: Table) -> Markup:
    if not table.rows:
        return element("p", table.empty)
    numbers = {index: {"class_": "number"} for index in table.numbers}
    head = element(
        "tr", *(element("th", name, scope="col", **numbers.get(at, {})) for at, name in enumerate(table.head))
    )
    rows = [
        element(
            "tr",
            *(
                element("td", element("div", _words(cell)), data_name=table.head[at], **numbers.get(at, {}))
                for at, cell in enumerate(row)
            ),
        )
        for row in table.rows
    ]
    return element("div", element("table", element("thead", head), element("tbody", *rows)), class_="scroll")


def _figure(chart: Chart, draw: Draw, name: str, width: float) -> Markup:
    picture = element("div", trusted(draw(chart, width)), role="img", aria_label=f"{chart.title}: {chart.said}")
    return element("figure", element("figcaption", chart.title), picture, class_=name)
