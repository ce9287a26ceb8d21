"""A report in each of its formats, with data in it that wants to be more than data."""

import csv
import io
from html.parser import HTMLParser

import pytest

from reconciler.report.document import (
    Chart,
    Command,
    Document,
    Drawn,
    Facts,
    Prose,
    Section,
    Series,
    Table,
    Tile,
    Tiles,
    Tone,
    Words,
    plain,
)
from reconciler.report.phrases import lasted, often, percent
from reconciler.report.plots import draw
from reconciler.report.render_csv import csv_text
from reconciler.report.render_html import html
from reconciler.report.render_markdown import markdown
from reconciler.report.render_text import text

EVIL = (
    "<script src=https://evil.example/x.js></script>\n# a title | `code` [a](javascript:b) $x^2$ \u202eturned\x1b[31m"
)
CHART = Chart(
    title=EVIL,
    said=EVIL,
    drawn=Drawn.LYING,
    labels=(EVIL, "b"),
    series=(Series("s", (1.0, None)),),
    unit="hours",
)


def document(words: str, *charts: Chart) -> Document:
    table = Table(head=("Name", "Number"), rows=((plain(words), Words("7", Tone.BAD)),), numbers=frozenset({1}))
    empty = Table(head=("Name",), rows=(), empty=words)
    blocks = (Tiles((Tile(words, words, words, Tone.GOOD),)), Prose(words), Facts(((words, plain(words)),)), table)
    return Document(
        title=words, about=words, sections=(Section(words, (*blocks, empty, Command(words, words), *charts)),)
    )


class _Page(HTMLParser):
    """What a browser would make of a page: its elements, and all that they refer to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.references: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
                self.references.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def test_a_page_has_no_element_that_was_in_the_data_and_refers_to_nothing_elsewhere() -> None:
    page = _Page(html(document(EVIL, CHART), draw))
    assert "script" not in page.elements
    assert page.handlers == []
    assert [each for each in page.references if not each.startswith(("#", "data:,"))] == []
    assert "svg" in page.elements
    assert not {"iframe", "img", "object", "embed", "form", "base", "image"} & {*page.elements}


def test_a_page_has_the_same_elements_whatever_the_words_are() -> None:
    assert _Page(html(document(EVIL), None)).elements == _Page(html(document("well"), None)).elements


def test_a_page_forbids_every_request_and_is_made_for_phones() -> None:
    page = html(document("well"), None)
    assert "default-src &#x27;none&#x27;" in page
    assert 'content="width=device-width, initial-scale=1"' in page
    assert '<html lang="en">' in page
    assert "prefers-color-scheme: dark" in page
    assert "http://" not in page
    assert "https://" not in page


def test_a_page_without_what_draws_says_how_to_get_it() -> None:
    assert "pip install" in html(document("well", CHART), None)
    assert "pip install" not in html(document("well"), None)
    assert "pip install" not in html(document("well", CHART), draw)


def test_a_picture_has_words_for_who_does_not_see_it() -> None:
    page = html(document("well", CHART), draw)
    assert page.count('role="img"') == 2
    assert "a title | `code`" in page.split("aria-label=")[1][:300]


def test_a_picture_wears_the_colours_of_the_page_and_is_the_same_each_time() -> None:
    one = draw(CHART, 8.0)
    assert "var(--one)" in one
    assert "#010101" not in one
    assert "DejaVu" not in one
    assert draw(CHART, 8.0) == one
    assert draw(CHART, 4.0) != one


@pytest.mark.parametrize("drawn", [Drawn.STACKED, Drawn.LINES])
@pytest.mark.parametrize("labels", [0, 1, 40])
def test_a_picture_over_time_is_drawn_also_of_little(drawn: Drawn, labels: int) -> None:
    values = tuple(None if number % 3 else float(number) for number in range(labels))
    chart = Chart(
        title="t",
        said="s",
        drawn=drawn,
        labels=tuple(f"{number}" for number in range(labels)),
        series=(Series("one", values), Series("two", tuple(each or 0.0 for each in values))),
    )
    assert draw(chart, 5.0).startswith("<svg")


def test_markdown_has_no_markup_that_was_in_the_data() -> None:
    said = "\n".join(line for line in markdown(document(EVIL)).splitlines() if not line.startswith("    "))
    bare = said.replace("\\\\", "").replace("\\<", "").replace("\\|", "").replace("\\[", "").replace("\\`", "")
    assert "<script" not in bare
    assert "[a]" not in bare
    assert "`code" not in bare
    assert len([line for line in said.splitlines() if line.startswith("#")]) == 2
    assert {line.replace("\\|", "").count("|") for line in said.splitlines() if line.startswith("| ")} <= {3, 4}


def test_text_has_no_line_that_was_in_the_data() -> None:
    lines = text(document("one\ntwo\x85three\u2028four"), 80).splitlines()
    assert all(not line.lstrip("! ?").startswith(("two", "three", "four")) for line in lines)
    assert "one two three four" in "\n".join(lines)


def test_text_marks_what_is_bad_without_colour() -> None:
    assert "! 7" in text(document("well"), 80)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum(a)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    ((_, first),) = [*csv.reader(io.StringIO(csv_text(("a", "b"), [("x", cell)]), newline=""))][1:]
    assert first == f"'{cell}"


def test_csv_is_read_back_as_it_was() -> None:
    rows = [("a,b", 'say "so"', "two\nlines", 7, 0.5, None, -3)]
    (back,) = [*csv.reader(io.StringIO(csv_text(tuple("abcdefg"), rows), newline=""))][1:]
    assert back == ["a,b", 'say "so"', "two\nlines", "7", "0.5", "", "-3"]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %"), (0.125, "12.5 %")],
)
def test_only_all_is_100_percent_and_only_none_is_0(rate: float | None, expected: str) -> None:
    assert percent(rate) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0.0 s"),
        (4.25, "4.2 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3725, "1 h 2 min"),
        (90000, "1 d 1 h"),
        (-5, "-5.0 s"),
    ],
)
def test_a_duration_is_told_in_two_units(seconds: float, expected: str) -> None:
    from datetime import timedelta

    assert lasted(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("per_day", "expected"),
    [(0.0, "never"), (4.0, "4.0 a day"), (0.5, "3.5 a week"), (0.05, "1.5 a month"), (0.01, "3.6 a year")],
)
def test_how_often_is_told_in_the_unit_in_which_it_is_once_or_more(per_day: float, expected: str) -> None:
    assert often(per_day) == expected
