"""A stretch of time that is reported on, the one before it to compare with, and its parts. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from reconciler.model.duration import parse_duration

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
_FEW_DAYS = 45


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` on and before ``until``; both are aware times."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.until - self.since

    @property
    def days(self) -> float:
        """How long it is in days."""
        return self.length / DAY

    @property
    def before(self) -> "Period":
        """The period of the same length that ends where this one begins."""
        return Period(self.since - self.length, self.since)

    def has(self, at: datetime) -> bool:
        """Whether the moment is in it."""
        return self.since <= at < self.until

    def known(self, oldest: datetime | None, now: datetime) -> "Period":
        """Return the part of it that there is anything to tell of: from the oldest entry on, before now.

        It is a day at least, where the period is: nobody knows from an hour how often something happens in a month.
        """
        until = max(self.since, min(self.until, now))
        if until - self.since <= DAY:
            return Period(self.since, until)
        return Period(max(self.since, min(oldest or until, until - DAY)), until)

    def parts(self) -> tuple["Period", ...]:
        """Return it cut at midnights (UTC) into days, or into weeks where these would be many.

        The first and the last part may be shorter.
        """
        step = DAY if self.length <= _FEW_DAYS * DAY else WEEK
        midnight = self.since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        cuts = [self.since]
        while (midnight := midnight + step) < self.until:
            cuts.append(midnight)
        return tuple(Period(*each) for each in pairwise([*cuts, self.until]))


def moment_said(text: str, now: datetime) -> datetime:
    """Read a time: ``30d`` ago, or RFC 3339 (a date alone is its midnight, UTC); ValueError where it is neither."""
    try:
        return now - parse_duration(text)
    except OverflowError:
        raise ValueError(f"{text!r} is before the year 1") from None
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected how long ago (30d) or a time (2026-11-01 or RFC 3339), got {text!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
