"""What people say when they ask the record, and whether an entry fits that. Pure."""

from datetime import UTC, datetime, timedelta

from reconciler.model.duration import parse_duration
from reconciler.model.question import Question, Stored


def moment_of(text: str, now: datetime) -> datetime:
    """Return the moment that is meant: so long ago (``2h``, ``30d``), or a date or a time of ISO 8601, by itself UTC.

    Raises ValueError, with what was expected.
    """
    ago = _ago(text)
    if ago is not None:
        try:
            return now - ago
        except OverflowError:
            raise ValueError(f"{text!r} ago there was no time yet; give a shorter duration") from None
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"expected a duration such as 2h or 30d, a date such as 2026-03-01 or a time such as 2026-03-01T12:00Z, "
            f"got {text!r}"
        ) from None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)


def _ago(text: str) -> timedelta | None:
    try:
        return parse_duration(text)
    except ValueError:
        return None


def fits(question: Question, entry: Stored) -> bool:
    """Return whether an entry is among those that are asked for, as the journal would say of it."""
    row = entry.linked.row
    at = datetime.fromisoformat(row.at)
    return (
        all(not (wanted := getattr(question, name)) or getattr(row, name) == wanted for name in _EQUAL)
        and (question.since is None or at >= question.since)
        and (question.until is None or at < question.until)
        and (question.below is None or row.number < question.below)
        and (question.above is None or row.number > question.above)
        and question.text.lower() in row.body.lower()
    )


_EQUAL = ("unit", "environment", "actor", "outcome", "type")
