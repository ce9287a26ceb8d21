"""What the daemon says of itself, as figures. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.telemetry import table
from reconciler.telemetry.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """How a daemon is at one moment: which it is, and what the journal says of itself.

    ``deliveries`` are counts by channel and state, ``oldest`` since when one waits, by channel. ``signed`` is the
    number of the newest entry that a checkpoint speaks of.
    """

    now: datetime
    version: str
    newest: int
    size: int
    deliveries: Mapping[tuple[str, str], int]
    oldest: Mapping[str, datetime]
    signed: int
    signed_at: datetime | None


def own(daemon: Own) -> Iterator[Sample]:
    """Yield every figure of it."""
    yield Sample(table.INFO, 1, (daemon.version,))
    yield Sample(table.JOURNAL_ENTRIES, daemon.newest)
    yield Sample(table.JOURNAL_SIZE, daemon.size)
    yield Sample(table.UNSIGNED, max(0, daemon.newest - daemon.signed))
    if daemon.signed_at:
        yield Sample(table.SIGNED_TIME, daemon.signed_at.timestamp())
    yield from (Sample(table.DELIVERIES, many, labels) for labels, many in daemon.deliveries.items())
    for channel in {channel for channel, _ in daemon.deliveries}:
        since = daemon.oldest.get(channel)
        age = (daemon.now - since).total_seconds() if since else 0.0
        yield Sample(table.DELIVERY_AGE, max(0.0, age), (channel,))
