"""How much of what is printed is kept: the first half of the room, and of the rest what came last. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

PIECE = 32 * 1024
"""The largest piece, in bytes: what is kept of the end is so exact."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A piece that is stored: its number, where it begins in all that was printed, and how long it is."""

    number: int
    start: int
    size: int


@dataclass(slots=True)
class Room:
    """The room of one step on one target. ``limit`` is in bytes."""

    limit: int
    end: int = 0
    _tail: deque[Kept] = field(default_factory=deque)
    _tail_size: int = 0

    @classmethod
    def of(cls, limit: int, stored: Iterable[Kept]) -> "Room":
        """Return the room as these pieces leave it."""
        room = cls(limit)
        for each in stored:
            room.put(each)
        return room

    @property
    def half(self) -> int:
        """So much is kept of the beginning, and so much of the end."""
        return self.limit // 2

    def cut(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the pieces of what comes next, each with where it begins; of very much only its beginning and end."""
        first = between_characters(data, max(0, self.half - self.end))
        head, rest = data[:first], data[first:]
        last = rest[between_characters(rest, max(0, len(rest) - self.half)) :]
        pieces = [*_pieces(self.end, head), *_pieces(self.end + len(data) - len(last), last)]
        self.end += len(data)
        return pieces

    def skip(self, size: int) -> None:
        """Take note that so many bytes come next that nobody has."""
        self.end += size

    def put(self, kept: Kept) -> None:
        """Take note that a piece is stored."""
        self.end = max(self.end, kept.start + kept.size)
        if kept.start + kept.size > self.half:
            self._tail.append(kept)
            self._tail_size += kept.size

    def let_go(self) -> list[int]:
        """Return the numbers of the pieces for which there is no more room."""
        gone = []
        while self._tail and self._tail_size - self._tail[0].size >= self.half:
            oldest = self._tail.popleft()
            self._tail_size -= oldest.size
            gone.append(oldest.number)
        return gone


def between_characters(data: bytes, at: int) -> int:
    """Return the place nearest before it where UTF-8 may be cut."""
    while 0 < at < len(data) and data[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _pieces(start: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    begin = 0
    while begin < len(data):
        end = between_characters(data, min(len(data), begin + PIECE))
        # What is no UTF-8 may have nothing but such bytes.
        end = end if end > begin else min(len(data), begin + PIECE)
        yield start + begin, data[begin:end]
        begin = end
