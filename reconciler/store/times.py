"""Times as text that sorts."""

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """Return an aware time as text in UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """Read ``stamp`` back."""
    return datetime.fromisoformat(text)
