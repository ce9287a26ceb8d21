"""The chain of the journal: each entry carries a digest over itself and over the entry before it. Pure."""

import hashlib
from dataclasses import dataclass

from reconciler.model.canonical import Json, canonical

BEGINNING = "0" * 64
"""What the first entry follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry as it is stored: every column of it but its link, as text (times in UTC with microseconds)."""

    number: int
    at: str
    type: str
    unit: str | None
    rollout: str | None
    environment: str
    actor: str
    outcome: str
    request: str
    body: str


@dataclass(frozen=True, slots=True)
class Linked:
    """An entry as it is stored, with its link."""

    row: Row
    link: str


def link(before: str, row: Row) -> str:
    """Return the link of an entry (64 hex digits): the SHA-256 of the link before and of all that is stored of it."""
    said: list[Json] = [
        before,
        row.number,
        row.at,
        row.type,
        row.unit,
        row.rollout,
        row.environment,
        row.actor,
        row.outcome,
        row.request,
        row.body,
    ]
    # What somebody made no text any more is digested too: it has to be found, not to stop the search.
    return hashlib.sha256(canonical(said).encode(errors="surrogatepass")).hexdigest()
