"""Keeps what programs on targets print: masked, within its room, written in batches. Nobody who prints waits for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.daemon.logs import log
from reconciler.daemon.output_page import Page, Pen, Said
from reconciler.daemon.output_secrets import ASKED_FOR, OutputSecrets
from reconciler.daemon.output_settings import OutputSettings
from reconciler.model.output import Place, Stream
from reconciler.model.output_room import Kept, Room
from reconciler.ports.clock import Clock
from reconciler.ports.journal import JournalUnavailable
from reconciler.ports.secrets import SecretMissing, Secrets
from reconciler.store.outputs import StepOutputs

BATCH = timedelta(milliseconds=200)
"""So long what is printed is gathered before it is written: each write is a wait for the disk."""

PRUNED_EVERY = timedelta(hours=1)
MOST_WAITING = 8 * 1024 * 1024
"""So many bytes of one step on one target may wait to be written."""

MOST_WAITING_IN_ALL = 64 * 1024 * 1024
ENDING = ASKED_FOR + timedelta(seconds=5)
"""No longer is waited at the end for what is left to be written: a daemon that is told to go goes."""

Key: TypeAlias = tuple[str, str, int, str]


class _Sink:
    """A ``ports.outputs.Sink`` for a page; ``full`` tells whether no more may wait to be written."""

    def __init__(self, page: Page, clock: Clock, ring: Callable[[], None], full: Callable[[int], bool]) -> None:
        self._page, self._clock, self._ring, self._full = page, clock, ring, full
        self._open = True

    def say(self, stream: Stream, data: bytes) -> None:
        """Take what was printed."""
        if self._page.size + len(data) > MOST_WAITING or self._full(len(data)):
            self.lose(len(data))
        else:
            self._page.add(Said(stream, self._clock.now(), data))
            self._ring()

    def lose(self, size: int) -> None:
        """Take note that something is missing."""
        self._page.add(Said(Stream.OUTPUT, self._clock.now(), b"", lost=size))
        self._ring()

    def close(self) -> None:
        """Take note that nothing more comes."""
        if self._open:
            self._open = False
            self._page.users -= 1
            self._ring()


class KeptOutputs:
    """A ``ports.outputs.Outputs`` on the store."""

    def __init__(self, store: StepOutputs, secrets: Secrets, settings: OutputSettings, clock: Clock) -> None:
        self._store = store
        self._secrets = OutputSecrets(secrets, clock)
        self._settings = settings
        self._clock = clock
        self._pages: dict[Key, Page] = {}
        self._bell = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._leaving = False
        self._prune_at: datetime | None = None

    def open(self, place: Place, target: str) -> _Sink:
        """Return a sink for one step on one target."""
        if self._writing is None:
            # Not before: who only looks at the fleet has nothing printed, and may not write.
            self._writing = asyncio.create_task(self._write(), name="what is printed")
        page = self._pages.setdefault((place.rollout, place.plan, place.step, target), Page(place, target))
        page.users += 1
        return _Sink(page, self._clock, self._bell.set, self._full)

    def _full(self, more: int) -> bool:
        return sum(page.size for page in self._pages.values()) + more > MOST_WAITING_IN_ALL

    async def close(self) -> None:
        """Write what is left, and end; what cannot be written in time is lost."""
        for page in self._pages.values():
            page.users = 0
        self._leaving = True
        self._bell.set()
        if self._writing is None:
            return
        limit = asyncio.create_task(self._clock.sleep(ENDING))
        await asyncio.wait({self._writing, limit}, return_when=asyncio.FIRST_COMPLETED)
        left = {limit, *(page.opening for page in self._pages.values() if page.opening is not None)}
        if not self._writing.done():
            log.warning("what steps printed is lost: it could not be written in time", steps=len(self._pages))
            left.add(self._writing)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if not self._writing.cancelled():
            await self._writing

    async def _write(self) -> None:
        while not (self._leaving and not self._pages):
            await self._bell.wait()
            await self._clock.sleep(BATCH)
            self._bell.clear()
            for key, page in list(self._pages.items()):
                if page.pen is None and page.waiting:
                    # Beside this: a store of secrets may take long, and what others print does not wait for it.
                    page.opening = page.opening or asyncio.create_task(self._opened(key, page), name="secrets of pages")
                    continue
                if not page.users:
                    del self._pages[key]
                await self._guarded(page, self._written)
            await self._prune()

    async def _opened(self, key: Key, page: Page) -> None:
        await self._guarded(page, self._with_pen)
        page.opening = None
        if page.pen is None and not page.users:
            self._pages.pop(key, None)
        if page.pen is not None or not page.users:
            self._bell.set()

    async def _guarded(self, page: Page, act: Callable[[Page], Awaitable[None]]) -> None:
        try:
            await act(page)
        except Exception as error:  # noqa: BLE001 - a bug here must not end the keeping of all that others print
            page.taken()
            log.error("internal error: what a step printed is lost", rollout=page.place.rollout, exc_info=error)

    async def _with_pen(self, page: Page) -> None:
        refused, values = "", list[str]()
        try:
            stored = await self._store.stored(page.place, page.target)
        except JournalUnavailable as error:
            self._lost(page, page.taken(), error)
            return
        try:
            values = await self._secrets.values(page.place.secrets)
        except SecretMissing as error:
            refused = f"what is printed here is not kept, for nobody could tell a secret in it: {error}\n"
        page.pen = Pen(page, Room.of(self._settings.step * 1024, stored), values, refused)

    async def _written(self, page: Page) -> None:
        if page.pen is None:
            return
        said = page.taken()
        fresh = page.pen.pieces(said) + (page.pen.rest(self._clock.now()) if not page.users else [])
        if not fresh:
            return
        try:
            numbers = await self._store.put(fresh)
            for piece, number in zip(fresh, numbers, strict=True):
                page.pen.room.put(Kept(number, piece.start, len(piece.data)))
            if gone := page.pen.room.let_go():
                await self._store.take_away(gone)
        except JournalUnavailable as error:
            self._lost(page, said, error)

    def _lost(self, page: Page, said: Sequence[Said], error: JournalUnavailable) -> None:
        lost = sum(len(each.data) + each.lost for each in said)
        log.warning("what a step printed is lost", rollout=page.place.rollout, bytes=lost, error=str(error))
        why = f"{lost} bytes were printed here that could not be written down: {error}\n"
        page.add(Said(Stream.NOTE, self._clock.now(), why.encode()))

    async def _prune(self) -> None:
        now = self._clock.now()
        if self._prune_at is not None and now < self._prune_at:
            return
        self._prune_at = now + PRUNED_EVERY
        with suppress(JournalUnavailable):
            while await self._store.forget(now - self._settings.after):
                pass


@asynccontextmanager
async def keeping(
    store: StepOutputs, secrets: Secrets, settings: OutputSettings, clock: Clock
) -> AsyncIterator[KeptOutputs]:
    """Have what is printed kept for the time of the block."""
    outputs = KeptOutputs(store, secrets, settings, clock)
    try:
        yield outputs
    finally:
        await outputs.close()
