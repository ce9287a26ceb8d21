"""What can be wrong with the record, and where it is. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model.chain import Row
from reconciler.model.event import Event
from reconciler.model.facets import facets

Read = Callable[[str], Event]
"""Reads an event back from its body; ValueError when it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something is not as it was written.

    ``number`` is that of the entry where it is (0: it is about no one entry), ``at`` the time that the entry has, empty
    where there is none.
    """

    number: int = 0
    at: str = ""
    what: str

    def __str__(self) -> str:
        where = f"entry {self.number}" if self.number else "the record"
        return f"{where}{f' of {self.at}' if self.at else ''}: {self.what}"


def unlike(row: Row, read: Read) -> tuple[str, ...]:
    """Return the columns of an entry that say something else than its body does; ``body`` where nobody can read it."""
    try:
        event = read(row.body)
        known = facets(event)
    except (ValueError, AttributeError, TypeError, LookupError):
        # Somebody may have written anything in the place of a name or a state.
        return ("body",)
    told = (
        ("type", row.type, event.event),
        ("unit", row.unit or "", known.unit),
        ("rollout", row.rollout or "", known.rollout),
        ("environment", row.environment, known.environment),
        ("actor", row.actor, known.actor),
        ("outcome", row.outcome, known.outcome),
    )
    return tuple(name for name, stored, said in told if stored != said)
