"""Where doors and readers get the record from, as it is stored."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from reconciler.model.question import Answer, Belongings, Question, Stored


class Records(Protocol):
    """Answers questions to the record. Raises JournalUnavailable."""

    async def newest(self, question: Question, limit: int) -> Answer:
        """Return the newest entries that fit, newest first."""
        ...

    async def oldest(self, question: Question, limit: int) -> Sequence[Stored]:
        """Return the oldest entries that fit, oldest first; ``above`` goes on from the last of them."""
        ...

    async def belongings(self, entries: Iterable[Stored]) -> Belongings:
        """Return what the entries belong to."""
        ...
