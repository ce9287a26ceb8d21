"""What the API is made with, and what its requests share."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from reconciler.api.bucket import Buckets
from reconciler.api.fleet import Fleet
from reconciler.api.once import Once
from reconciler.model.access import Action, Identity
from reconciler.model.identity import UnitId
from reconciler.ports.clock import Clock
from reconciler.ports.desk import Doorway
from reconciler.ports.identities import PASSED_ON, Credentials, Identities
from reconciler.ports.records import Records
from reconciler.telemetry.figures import Figures

LOOKS = 2
"""So many look at the whole fleet at once, whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one caller may ask for: requests a second and at once, bytes of a body, streams of events."""

    requests: float = 50.0
    burst: int = 100
    body: int = 1024 * 1024
    streams: int = 8
    body_within: timedelta = timedelta(seconds=30)


class Refusing(Protocol):
    """Who writes down who came and was refused; raises JournalUnavailable. What the desk refuses it writes itself."""

    async def came_in(self, who: Identity, address: str) -> None:
        """Write down that somebody was known, unless it was lately; the address is empty at a Unix socket."""
        ...

    async def stranger(self, address: str, reason: str) -> None:
        """Write down that nobody knew who it was; the address is empty at a Unix socket."""
        ...

    async def denied(self, who: Identity, action: Action, unit: UnitId | None, reason: str) -> None:
        """Write down that somebody may not do that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the API reads from and writes to.

    ``fleet`` is how things stand, read for many callers at once. ``newest`` is the number of the newest event;
    ``alive`` says why the loop is not, None when it is. ``troubled`` hears of each bug, with the id that the caller was
    given. ``figures`` is all that can be counted, ``came_with`` hears the trace of whoever had something done.
    ``unwilling`` are errors whose text is for the caller: it cannot be as things are. ``open_metrics``: figures
    are shown to whoever can connect. ``passed_on`` are lower-case names of headers with which nobody is on this
    machine, wherever the connection comes from.
    """

    doorway: Doorway
    records: Records
    fleet: Fleet
    identities: Identities
    refusing: Refusing
    clock: Clock
    newest: Callable[[], Awaitable[int]]
    alive: Callable[[], str | None]
    troubled: Callable[[str, BaseException], None]
    figures: Figures
    came_with: Callable[[str], None]
    unwilling: tuple[type[Exception], ...] = ()
    limits: Limits = Limits()
    open_metrics: bool = False
    passed_on: frozenset[str] = PASSED_ON


@dataclass(frozen=True, slots=True)
class Hall:
    """What all requests share: the door, and what is remembered between requests, none of it for ever."""

    door: Door
    fleet: Fleet
    once: Once
    rates: Buckets
    streams: Counter[str] = field(default_factory=Counter)
    looks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOOKS))

    @staticmethod
    def of(door: Door) -> "Hall":
        """Return an empty one."""
        limits = door.limits
        return Hall(
            door=door,
            fleet=door.fleet,
            once=Once(door.clock),
            rates=Buckets(limits.requests, limits.burst),
        )


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what it shares with others, who it is from (None: a stranger, who is told ``why``), and its id.

    ``shown`` is what they came with, for answers that go on after it may be good no longer.
    """

    hall: Hall
    who: Identity | None
    id: str
    local: bool
    why: str = ""
    shown: Credentials = field(default=Credentials(), repr=False)
