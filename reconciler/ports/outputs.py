"""Where goes what programs on targets print."""

from collections.abc import Sequence
from typing import Protocol

from reconciler.model.output import Asked, Piece, Place, Stream


class Sink(Protocol):
    """What is printed for one step on one target. Nothing that is told to it is waited for, and it never raises."""

    def say(self, stream: Stream, data: bytes) -> None:
        """Take what was printed, as it comes: it may be cut anywhere."""
        ...

    def lose(self, size: int) -> None:
        """Take note that so many bytes were printed here and did not come."""
        ...

    def close(self) -> None:
        """Take note that nothing more comes."""
        ...


class Outputs(Protocol):
    """Keeps what is printed."""

    def open(self, place: Place, target: str) -> Sink:
        """Return the sink for one step on one target; what was printed there before stays."""
        ...


class Printed(Protocol):
    """What was printed. Raises JournalUnavailable."""

    async def pieces(self, asked: Asked, limit: int) -> Sequence[Piece]:
        """Return the oldest pieces that are asked for, in the order they were printed."""
        ...


class Silent:
    """A sink for what nobody wants to know, and ``Outputs`` that keep nothing."""

    def say(self, stream: Stream, data: bytes) -> None:
        """Forget it."""

    def lose(self, size: int) -> None:
        """Forget that too."""

    def close(self) -> None:
        """Forget nothing more."""

    def open(self, place: Place, target: str) -> "Silent":
        """Return what forgets it."""
        return self


SILENT = Silent()
