"""Segments of the archive: what was written is read back, and whatever was done to one is found where it was done."""

import json
from collections.abc import Callable

import pytest

from reconciler.audit.segment import Footer, SegmentDamaged, lines, name_of, range_of, read
from reconciler.model.chain import Linked, Row, link

BEFORE = "b" * 64


def chained(first: int, count: int, before: str = BEFORE) -> list[Linked]:
    made, tied = [], before
    for number in range(first, first + count):
        row = Row(
            number=number,
            at=f"2026-03-01T00:00:{number % 60:02d}.000000Z",
            type="paused",
            unit="shop@production" if number % 2 else None,
            rollout=None,
            environment="production",
            actor="ann",
            outcome="",
            request="",
            body=json.dumps({"text": f"\N{SNOWMAN} \n {number}"}),
        )
        tied = link(tied, row)
        made.append(Linked(row, tied))
    return made


def test_a_segment_reads_back_as_what_was_written_with_a_footer_that_ties_it() -> None:
    entries = chained(7, 5)
    assert list(read(lines(entries, BEFORE))) == [*entries, Footer(7, 11, entries[-1].link, BEFORE)]


def test_each_line_is_one_line_whatever_an_entry_holds() -> None:
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in lines(chained(1, 3), BEFORE))


def _flipped(text: list[str]) -> list[str]:
    return [*text[:3], text[3].replace('"ann"', '"eve"'), *text[4:]]


DAMAGES: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "a value flipped": (_flipped, "entry 9 is not what was written"),
    "an entry dropped": (lambda text: [*text[:3], *text[4:]], "entry 9 is missing; 10 is in its place"),
    "two entries exchanged": (lambda text: [*text[:2], text[3], text[2], *text[4:]], "entry 8 is missing; 9 is"),
    "cut off at a line": (lambda text: text[:-1], "it ends after entry 11, without its footer"),
    "cut off within a line": (lambda text: [*text[:3], text[3][:20]], "entry 9 is not JSON, or is cut off"),
    "the last entry dropped": (lambda text: [*text[:-2], text[-1]], "its footer speaks of other entries than 7 to 10"),
    "something appended": (lambda text: [*text, "{}\n"], "there is more after its footer"),
    "nothing in it": (lambda _: [], "its header is not JSON"),
    "another format": (lambda text: ['{"segment":2}\n', *text[1:]], "the format 2; this version reads 1"),
    "another beginning": (
        lambda text: [text[0].replace(BEFORE, "c" * 64), *text[1:]],
        "entry 7 is not what was written, or not what followed",
    ),
    "a list for an entry": (lambda text: [text[0], "[]\n", *text[2:]], "entry 7 is not an object"),
    "a column too many": (
        lambda text: [text[0], text[1].replace('"actor"', '"more":"","actor"'), *text[2:]],
        "entry 7 lacks a column, or has one too many",
    ),
    "half a character in the header": (
        lambda text: [text[0].replace(BEFORE, r"\ud800"), *text[1:]],
        "its header does not say",
    ),
    "half a character": (
        lambda text: [text[0], text[1].replace('"ann"', r'"\ud800"'), *text[2:]],
        "entry 7 has a column that is no text",
    ),
    "a number for a text": (
        lambda text: [text[0], text[1].replace('"ann"', "1"), *text[2:]],
        "entry 7 has a column that is no text",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_was_done_to_a_segment_is_found_where_it_was_done(damage: str) -> None:
    done, said = DAMAGES[damage]
    with pytest.raises(SegmentDamaged, match=said):
        list(read(done(list(lines(chained(7, 5), BEFORE)))))


def test_names_of_files_say_what_is_in_them_and_sort_as_their_entries_do() -> None:
    assert name_of(1, 10_000, sealed=False) == "000000000001-000000010000.jsonl.gz"
    assert range_of(name_of(10_001, 20_000, sealed=True)) == (10_001, 20_000)
    assert range_of("000000000001-000000010000.jsonl.gz.part") is None
    assert sorted([name_of(10_001, 2, sealed=True), name_of(1, 9, sealed=True)])[0].startswith("000000000001")
