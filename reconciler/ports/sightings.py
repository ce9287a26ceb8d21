"""Where what was seen last is kept for those who ask."""

from collections.abc import Sequence
from typing import Protocol

from reconciler.model.sighting import Facts, Sighting


class SightingLog(Protocol):
    """What was seen last of every unit on every target. Every call raises JournalUnavailable when it cannot be used."""

    async def remember(self, new: Sequence[Sighting], again: Sequence[Sighting]) -> None:
        """Keep what is new in the place of what was seen there before; of what was seen ``again``, only when."""
        ...

    async def put_facts(self, facts: Sequence[Facts]) -> None:
        """Keep what targets said of themselves in the place of what they said before."""
        ...

    async def sightings(self, unit: str = "*", target: str = "*") -> Sequence[Sighting]:
        """Return what is kept of the units and targets that fit the patterns (``*`` is any text)."""
        ...

    async def facts(self) -> Sequence[Facts]:
        """Return what targets said of themselves, by target."""
        ...
