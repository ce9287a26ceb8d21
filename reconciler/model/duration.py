"""Durations as people write them: ``500ms``, ``30s``, ``5m``, ``1h30m``, ``2d``."""

import re
from datetime import timedelta

_PARTS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")


def parse_duration(text: str) -> timedelta:
    """Read a duration; ValueError when it is not one."""
    match = _DURATION.fullmatch(text)
    if not match or not text:
        raise ValueError(f"expected a duration such as 500ms, 30s, 5m or 1h30m, got {text!r}")
    numbers = zip(_PARTS.values(), match.groups(), strict=True)
    try:
        return timedelta(**{part: int(number) for part, number in numbers if number})
    except OverflowError:
        raise ValueError(f"expected a duration of less than a million days, got {text!r}") from None


def format_duration(duration: timedelta) -> str:
    """Write a duration the way people do, down to milliseconds; ``0s`` when there is none."""
    milliseconds = round(duration.total_seconds() * 1000)
    if milliseconds < 0:
        return "-" + format_duration(-duration)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"), (milliseconds, "ms"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
