"""Durations, rates, times and counts as people read them in a report. Pure."""

from datetime import UTC, datetime, timedelta

NOTHING = "–"
_UNITS = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


def lasted(duration: timedelta | None) -> str:
    """Return a duration in its two largest units (``3 d 4 h``, ``5 min 20 s``); a dash where there is none."""
    if duration is None:
        return NOTHING
    seconds = duration.total_seconds()
    if seconds < 0:
        return f"-{lasted(-duration)}"
    for size, unit, smaller, name in _UNITS:
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit} {rest // smaller} {name}" if rest // smaller else f"{whole} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def percent(rate: float | None) -> str:
    """Return a rate as a percentage; only all is 100 %, and only none is 0 %."""
    if rate is None:
        return NOTHING
    shown = f"{rate * 100:.1f}"
    if rate < 1 and shown == "100.0":
        shown = "99.9"
    if rate > 0 and shown == "0.0":
        shown = "0.1"
    return f"{shown.removesuffix('.0')} %"


def often(per_day: float) -> str:
    """Return how often something happens, in the unit in which it is once or more."""
    for times, unit in ((1.0, "day"), (7.0, "week"), (30.0, "month")):
        if per_day * times >= 1:
            return f"{per_day * times:.1f} a {unit}"
    return f"{per_day * 365:.1f} a year" if per_day else "never"


def at(moment: datetime | None) -> str:
    """Return a moment to the second, in UTC; a dash where there is none."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if moment else NOTHING


def day(moment: datetime) -> str:
    """Return the day and the minute of a moment, in UTC; midnight is only a day."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%Y-%m-%d %H:%M}Z"


def counted(number: int, what: str, several: str = "") -> str:
    """Return ``1 rollout``, ``2 rollouts``; ``several`` where it is not made with an s."""
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def short(commit: str) -> str:
    """Return the start of a commit's id, by which people know it."""
    return commit[:7] or "nothing"
