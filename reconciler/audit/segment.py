"""Segments of the archive: entries of the journal as lines of JSON, with a header and a footer that tie them. Pure.

A segment is text, a JSON object a line. The first line is ``{"segment": 1, "first": N, "before": LINK}``, the last one
``{"first": N, "last": M, "count": M-N+1, "link": LINK}``; between them is an entry a line, every column of its row and
its link. ``before`` is the link of the entry before the first: so segments can be checked alone, and put together.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields

from reconciler.model.canonical import canonical
from reconciler.model.chain import Linked, Row, link

FORMAT = 1
_NAME = re.compile(r"^([0-9]{12})-([0-9]{12})\.jsonl\.gz(\.age)?$")
_COLUMNS = frozenset(each.name for each in fields(Row))
_LONELY = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON can say and no text can hold."""


class SegmentDamaged(Exception):
    """A segment is not as it was written. The text says at which entry, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What a segment holds; ``link`` is that of its last entry, ``before`` that of the entry before its first."""

    first: int
    last: int
    link: str
    before: str


def name_of(first: int, last: int, *, sealed: bool) -> str:
    """Return the name of the file for these entries; names sort as their entries do."""
    return f"{first:012d}-{last:012d}.jsonl.gz{'.age' if sealed else ''}"


def range_of(name: str) -> tuple[int, int] | None:
    """Return the first and the last entry that a file of that name holds, None when it is not a segment's name."""
    found = _NAME.match(name)
    return (int(found[1]), int(found[2])) if found else None


def lines(entries: Iterable[Linked], before: str) -> Iterator[str]:
    """Yield the lines of a segment, each with its newline; ``entries`` are at least one and have no gap."""
    first, last, tied = 0, 0, before
    for each in entries:
        if not last:
            first = each.row.number
            yield _line({"segment": FORMAT, "first": first, "before": before})
        yield _line({**asdict(each.row), "link": each.link})
        last, tied = each.row.number, each.link
    yield _line({"first": first, "last": last, "count": last - first + 1, "link": tied})


def read(text: Iterable[str]) -> Iterator[Linked | Footer]:
    """Yield the entries of a segment, each checked against the one before it, and at last its footer.

    Raises SegmentDamaged at the first thing that is not as it was written; what was yielded before it is good.
    """
    told = iter(text)
    header = _object(next(told, ""), "its header")
    if header.get("segment") != FORMAT:
        raise SegmentDamaged(f"its header names the format {header.get('segment')!r}; this version reads {FORMAT}")
    first, before = header.get("first"), header.get("before")
    if not isinstance(first, int) or not isinstance(before, str) or _LONELY.search(before):
        raise SegmentDamaged("its header does not say with which entry it begins, and what that follows")
    number, tied = first, before
    for line in told:
        said = _object(line, f"entry {number}")
        if "body" not in said:
            yield _footer(said, Footer(first, number - 1, tied, before))
            if next(told, None) is not None:
                raise SegmentDamaged("there is more after its footer")
            return
        entry = _entry(said, number)
        if link(tied, entry.row) != entry.link:
            raise SegmentDamaged(f"entry {number} is not what was written, or not what followed the entry before it")
        yield entry
        number, tied = number + 1, entry.link
    raise SegmentDamaged(f"it ends after entry {number - 1}, without its footer")


def _footer(said: dict[str, object], found: Footer) -> Footer:
    count = found.last - found.first + 1
    if said != {"first": found.first, "last": found.last, "count": count, "link": found.link} or not count:
        raise SegmentDamaged(f"its footer speaks of other entries than {found.first} to {found.last}")
    return found


def _entry(said: dict[str, object], number: int) -> Linked:
    tied = said.pop("link", None)
    if said.keys() != _COLUMNS or not isinstance(tied, str):
        raise SegmentDamaged(f"entry {number} lacks a column, or has one too many")
    if said["number"] != number:
        raise SegmentDamaged(f"entry {number} is missing; {said['number']} is in its place")
    if any(not _fits(name, value) for name, value in said.items()):
        raise SegmentDamaged(f"entry {number} has a column that is no text")
    return Linked(Row(**said), tied)  # type: ignore[arg-type] # each column was looked at


def _fits(name: str, value: object) -> bool:
    if name == "number":
        return isinstance(value, int)
    if value is None:
        return name in ("unit", "rollout")
    return isinstance(value, str) and not _LONELY.search(value)


def _object(line: str, what: str) -> dict[str, object]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SegmentDamaged(f"{what} is not JSON, or is cut off") from error
    if not isinstance(said, dict):
        raise SegmentDamaged(f"{what} is not an object")
    return said


def _line(said: dict[str, object]) -> str:
    return canonical(said) + "\n"  # type: ignore[arg-type] # columns are text and numbers
