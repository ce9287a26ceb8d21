"""Walks the record from its first entry to its last, and tells all that is not as it was written. Pure.

Each entry is tied to the one before it, so what was changed in one place shows there. Who can write to the journal can
tie all that follows anew; that shows at the next checkpoint, which they cannot sign anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.audit.tamper import Read, Trouble, unlike
from reconciler.model.chain import BEGINNING, Linked, Row, link
from reconciler.model.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Archived entries that cannot be looked at here; ``link`` is what the journal has for the last of them.

    ``sealed``: only because they are encrypted, which is no trouble. ``kept`` are those of them that are in the journal
    too, in their order.
    """

    first: int
    last: int
    link: str
    sealed: bool
    kept: tuple[Linked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """How far it was: ``seen`` entries were looked at, the last one has this number, link and time.

    ``confirmed`` is the newest that a checkpoint confirms. ``began`` is the first entry in which a daemon says that it
    began, which then signs. ``segments`` are those that say what was archived. ``sealed`` archived ones were not looked
    at; ``untied`` are in the journal, and could not be tied to what comes before them there. Checkpoints of the entries
    ``uncompared`` are among what could not be looked at, so they confirm nothing.
    """

    seen: int
    sealed: int
    number: int
    link: str
    at: str
    confirmed: int
    began: Row | None = None
    segments: tuple[Row, ...] = ()
    untied: int = 0
    uncompared: tuple[int, ...] = ()


Step: TypeAlias = Linked | Unread | Trouble


def walk(steps: Iterable[Step], signed: Mapping[int, Sequence[Checkpoint]], read: Read) -> Iterator[Trouble | Walked]:
    """Yield what is wrong, in the order of the entries, and at last how far it was.

    ``signed`` are checkpoints that are known to be good, by number. What was told on the way is passed on.
    """
    way = _Way(read)
    for step in steps:
        if isinstance(step, Trouble):
            yield step
            continue
        if isinstance(step, Unread):
            yield from way.unread(step, signed)
            continue
        yield from way.entry(step)
        if way.number in signed:
            yield from way.compared(signed[way.number])
    yield from _cut_off(signed, way.number)
    yield way.walked()


class _Way:
    """Where the walk is: the entry before, and its link."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.number = 0
        self._tied = BEGINNING
        self._seen, self._sealed, self._at, self._confirmed = 0, 0, "", 0
        self._began: Row | None = None
        self._segments: list[Row] = []
        self._untied = 0
        self._uncompared: list[int] = []

    def entry(self, entry: Linked) -> Iterator[Trouble]:
        row = entry.row
        if row.number != self.number + 1:
            yield from _gap(self.number, row.number)
        elif link(self._tied, row) != entry.link:
            yield Trouble(number=row.number, at=row.at, what=_CHANGED)
        yield from self._row(row)
        self._seen += 1
        self.number, self._tied, self._at = row.number, entry.link, row.at

    def unread(self, entries: Unread, signed: Mapping[int, Sequence[Checkpoint]]) -> Iterator[Trouble]:
        yield from _gap(self.number, entries.first)
        self._sealed += entries.last - entries.first + 1 if entries.sealed else 0
        links, tied = {entries.last: entries.link}, set()
        for each in entries.kept:
            if each.row.number != self.number + 1:
                self._untied += 1
            elif link(self._tied, each.row) == each.link:
                tied.add(each.row.number)
            else:
                yield Trouble(number=each.row.number, at=each.row.at, what=_CHANGED)
            yield from self._row(each.row)
            self.number, self._tied = each.row.number, each.link
            if links.setdefault(self.number, each.link) != each.link:
                yield Trouble(number=self.number, at=each.row.at, what="the archive is said to end with another link")
        for number in sorted(each for each in signed if entries.first <= each <= entries.last):
            yield from _otherwise(signed[number], links[number], self._confirmed) if number in links else ()
            self._uncompared += [] if number in tied else [number]
        self.number, self._tied = entries.last, entries.link

    def _row(self, row: Row) -> Iterator[Trouble]:
        if wrong := unlike(row, self._read):
            yield Trouble(number=row.number, at=row.at, what=_odd(wrong))
        if row.type == "started":
            self._began = self._began or row
        elif row.type == "segment_archived":
            self._segments.append(row)

    def compared(self, signed: Sequence[Checkpoint]) -> Iterator[Trouble]:
        told = tuple(_otherwise(signed, self._tied, self._confirmed))
        yield from told
        if not told:
            self._confirmed = self.number

    def walked(self) -> Walked:
        return Walked(
            seen=self._seen,
            sealed=self._sealed,
            number=self.number,
            link=self._tied,
            at=self._at,
            confirmed=self._confirmed,
            began=self._began,
            segments=tuple(self._segments),
            untied=self._untied,
            uncompared=tuple(self._uncompared),
        )


_CHANGED = (
    "it is not what was written, or what came before it is not: its link does not follow from it and the link before it"
)


def _odd(wrong: Sequence[str]) -> str:
    if "body" in wrong:
        return "its body is no event"
    return f"its {' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not what its body says"


def _gap(number: int, after: int) -> Iterator[Trouble]:
    if after <= number:
        yield Trouble(number=after, what="it comes again, or not in its turn")
    elif after > number + 2:
        yield Trouble(number=number + 1, what=f"it is missing, and all after it to entry {after - 1}")
    elif after == number + 2:
        yield Trouble(number=number + 1, what="it is missing")


def _otherwise(signed: Sequence[Checkpoint], tied: str, confirmed: int) -> Iterator[Trouble]:
    since = f"after entry {confirmed}, the last one that is confirmed," if confirmed else "before it"
    for each in signed:
        if each.link != tied:
            what = (
                f"it was another when it was signed at {each.at}: it or what comes {since} was changed and linked anew"
            )
            yield Trouble(number=each.number, at=each.at, what=what)


def _cut_off(signed: Mapping[int, Sequence[Checkpoint]], number: int) -> Iterator[Trouble]:
    if (last := max(signed, default=0)) > number:
        at = signed[last][0].at
        what = f"it is missing, and all after it: entries to {last} were there when that was signed at {at}"
        yield Trouble(number=number + 1, what=what)
