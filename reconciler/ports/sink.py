"""A place that entries of the record are sent to."""

from collections.abc import Sequence
from typing import Protocol


class Sink(Protocol):
    """Takes messages that are made for it, in order."""

    async def send(self, messages: Sequence[bytes]) -> None:
        """Hand them over, all of them and in order; raise WorldError when it is not known that all have arrived."""
        ...

    async def close(self) -> None:
        """End the connection, if there is one; whoever sends again makes another."""
        ...
