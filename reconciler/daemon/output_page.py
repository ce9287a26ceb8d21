"""What is printed for one step on one target, from how it comes to the pieces that are kept. Pure."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.model.output import Place, Stream
from reconciler.model.output_room import Room
from reconciler.providers.masked import Masked
from reconciler.store.outputs import Fresh


@dataclass(frozen=True, slots=True)
class Said:
    """What was printed, or that so many bytes were ``lost``, and when it came."""

    stream: Stream
    at: datetime
    data: bytes
    lost: int = 0


ENTRY = 200
"""So many bytes of memory one thing that waits takes beside what was printed, however little that is."""


@dataclass(slots=True, eq=False)
class Page:
    """A step on a target. ``users`` is how many sinks are open for it, ``waiting`` what is to be written.

    ``size`` is how many bytes of memory that takes, ``opening`` what makes its pen.
    """

    place: Place
    target: str
    users: int = 0
    size: int = 0
    waiting: list[Said] = field(default_factory=list)
    pen: "Pen | None" = None
    opening: "asyncio.Task[None] | None" = None

    def add(self, said: Said) -> None:
        """Have something wait to be written; what is lost without anything between it is one loss."""
        if said.lost and self.waiting and self.waiting[-1].lost:
            self.waiting[-1] = replace(self.waiting[-1], lost=self.waiting[-1].lost + said.lost)
            return
        self.waiting.append(said)
        self.size += len(said.data) + ENTRY

    def taken(self) -> Sequence[Said]:
        """Return what waits, which it no longer does then."""
        taken, self.waiting, self.size = self.waiting, [], 0
        return taken


class Pen:
    """Makes pieces of what is printed: without the secrets, and no more than there is room for.

    ``refused`` is why nothing may be kept of it, empty where it may.
    """

    def __init__(self, page: Page, room: Room, secrets: Sequence[str], refused: str) -> None:
        self.room = room
        self._page = page
        self._masks = {stream: Masked(secrets) for stream in Stream}
        self._refused = refused
        self._torn = False
        self._run: tuple[Stream, datetime, bytearray] | None = None
        self._pieces: list[Fresh] = []

    def pieces(self, said: Sequence[Said]) -> list[Fresh]:
        """Return the pieces that are to be stored of it now; what may be the beginning of a secret is held back."""
        if self._refused:
            said = [Said(Stream.NOTE, said[0].at, self._refused.encode())] if said and not self.room.end else []
        for each in said:
            if each.lost:
                self._flush(each.at)
                self._end_run()
                self.room.skip(each.lost)
                self._torn = True
                continue
            if each.stream is Stream.NOTE:
                self._flush(each.at)
            self._add(each.stream, each.at, self._masks[each.stream].fed(self._whole(each)))
        return self._taken()

    def rest(self, at: datetime) -> list[Fresh]:
        """Return the pieces that are left when nothing follows."""
        self._flush(at)
        return self._taken()

    def _whole(self, said: Said) -> bytes:
        """After a gap there may be the end of a secret that began in it: up to the next line nothing is told."""
        if not self._torn or said.stream is Stream.NOTE:
            return said.data
        before, found, after = said.data.partition(b"\n")
        self._torn = not found
        self._end_run()
        self.room.skip(len(before) + len(found))
        return after

    def _flush(self, at: datetime) -> None:
        for stream, mask in self._masks.items():
            self._add(stream, at, mask.ended())

    def _add(self, stream: Stream, at: datetime, text: bytes) -> None:
        if not text:
            return
        if self._run is None or self._run[0] is not stream:
            self._end_run()
            self._run = (stream, at, bytearray())
        self._run[2].extend(text)

    def _end_run(self) -> None:
        if self._run is not None:
            stream, at, text = self._run
            pieces = self.room.cut(bytes(text))
            self._pieces += [Fresh(self._page.place, self._page.target, stream, at, *piece) for piece in pieces]
            self._run = None

    def _taken(self) -> list[Fresh]:
        self._end_run()
        taken, self._pieces = self._pieces, []
        return taken
