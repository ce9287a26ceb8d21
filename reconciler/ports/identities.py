"""Who it is that comes through a door: credentials as they were shown, and what knows whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.model.access import Identity

REPEATED = "\0"
"""In the place of a header that came twice: no header can have this value, and it is no name, no secret, no token."""

PASSED_ON = frozenset({"forwarded", "x-forwarded-for", "x-real-ip", "via"})
"""Lower-case names of headers that say that a request was passed on: who is at the other end is not who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The process at the other end of a Unix socket, as the kernel tells it."""

    uid: int
    gid: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody shows at a door, none of it checked yet.

    ``authorization`` is that header, empty where there was none. ``headers`` are all headers by lower-case name, for
    those that a trusted proxy sets; each that came more than once is ``REPEATED``, which is good for nothing.
    ``address`` is who is at the other end of the TCP connection, empty for a Unix socket; ``peer`` is who is at the
    other end of a Unix socket.
    """

    authorization: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    address: str = ""
    peer: Peer | None = None


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody knows who it is. ``reason`` is for the person who tries, and says nothing that helps to guess."""

    reason: str


class Identities(Protocol):
    """Who knows people and machines by what they show."""

    async def identify(self, credentials: Credentials) -> Identity | Stranger:
        """Return who it is. Nothing is shown for a door where that is right: then a stranger too.

        Raises JournalUnavailable where the tokens cannot be read.
        """
        ...
