"""Puts the archive and the journal together to one record from its first entry to its last. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from reconciler.audit.segment import Footer, SegmentDamaged
from reconciler.audit.tamper import Trouble
from reconciler.audit.verify import Step, Unread
from reconciler.model.chain import Linked
from reconciler.model.checkpoint import Archived
from reconciler.model.deed import SegmentArchived


class SegmentMissing(Exception):
    """There is no such file in the archive, or it cannot be read. The text says which and why."""


class SegmentSealed(Exception):
    """The file is encrypted, and there is nothing to open it with. It is no trouble of the record."""


Open: TypeAlias = Callable[[Archived], Iterator[Linked | Footer]]
"""Reads a segment; raises SegmentMissing, SegmentSealed, SegmentDamaged."""


def whole(
    archived: Iterable[Archived], kept: Mapping[int, Linked], open_segment: Open, live: Iterable[Linked]
) -> Iterator[Step]:
    """Yield all entries in their order, those of the archive first; and what is wrong with the archive.

    ``kept`` are archived entries that are in the journal too. What cannot be read is told by what the journal has.
    """
    known = dict(kept)
    for each in archived:
        yield from _segment(each, known, open_segment)
    for number in sorted(known):
        entry = known[number]
        what = "it is said to be archived, and no segment has it"
        yield Trouble(number=number, at=entry.row.at, what=what)
    yield from live


def _segment(archived: Archived, kept: dict[int, Linked], open_segment: Open) -> Iterator[Step]:
    last, why = archived.first - 1, ""
    try:
        for each in open_segment(archived):
            if isinstance(each, Footer):
                continue
            last = each.row.number
            yield each
            if (here := kept.pop(last, None)) is not None and here != each:
                yield Trouble(number=last, at=here.row.at, what="it is not in the journal as it is in the archive")
    except SegmentSealed:
        pass
    except (SegmentMissing, SegmentDamaged) as error:
        why = str(error)
    if why:
        yield Trouble(number=last + 1, what=f"the segment {archived.file} of the archive: {why}")
    if last < archived.last:
        here_too = tuple(kept.pop(number) for number in sorted(kept) if last < number <= archived.last)
        yield Unread(first=last + 1, last=archived.last, link=archived.link, sealed=not why, kept=here_too)
    elif last > archived.last:
        yield Trouble(number=archived.last + 1, what=f"the segment {archived.file} has more than it is said to have")


def never_told(archived: Iterable[Archived], told: Sequence[tuple[int, SegmentArchived]]) -> Iterator[Trouble]:
    """Yield what is said to be archived though no entry of the record says that it was.

    ``told`` are those entries, by number. Only one that comes after what it speaks of counts: what a segment holds can
    say nothing about that segment itself.
    """
    known = {(each.first, each.last, each.file) for number, each in told if number > each.last}
    for one in archived:
        if (one.first, one.last, one.file) not in known:
            what = f"it is said to be archived, and all after it to entry {one.last}, in {one.file}; no entry says so"
            yield Trouble(number=one.first, what=what)
