"""Schedules as systemd's calendar writes them, read as far as that can be done without systemd."""

import re

_WORDS = "minutely hourly daily weekly monthly quarterly semiannually yearly annually"
_DAYS = "mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_WEEKDAYS = re.compile(rf"(?:{_DAYS})(?:(?:,|\.\.|-)(?:{_DAYS}))*,?", re.IGNORECASE)
_PART = r"(?:\*|[0-9]+)(?:\.\.[0-9]+)?(?:/[0-9]+)?"
_PARTS = rf"{_PART}(?:,{_PART})*"
_DATE = re.compile(rf"(?:(?P<year>{_PARTS})-)?(?P<month>{_PARTS})[-~](?P<day>{_PARTS})")
_SECONDS = _PARTS.replace("[0-9]+", r"[0-9]+(?:\.[0-9]{1,6})?")
_TIME = re.compile(rf"(?P<hour>{_PARTS}):(?P<minute>{_PARTS})(?::(?P<second>{_SECONDS}))?")
_ZONE = re.compile(r"UTC|[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_LIMITS = {
    "year": (1970, 2199),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}


def problem(schedule: str) -> str | None:
    """Return what is wrong with a calendar expression, None when nothing is that can be told here."""
    words = schedule.split(" ")
    if "" in words or not schedule.isprintable():
        return "write the schedule in one line, with single spaces"
    if words[0].lower() in _WORDS.split() and len(words) <= 2:
        return _zone(words[1:])
    if len(words) > 1 and _WEEKDAYS.fullmatch(words[0]):
        words = words[1:]
    elif _WEEKDAYS.fullmatch(words[0]):
        return None
    found = [match for pattern in (_DATE, _TIME) if words and (match := pattern.fullmatch(words[0])) and words.pop(0)]
    if not found:
        return (
            "expected a calendar expression of systemd, such as daily, 'Mon..Fri 03:30' or '*-*-01 04:00:00 UTC'; "
            f"{words[0]!r} is no part of one"
        )
    return next((wrong for match in found if (wrong := _range(match))), None) or _zone(words)


def _zone(words: list[str]) -> str | None:
    if not words or (len(words) == 1 and _ZONE.fullmatch(words[0])):
        return None
    return f"{' '.join(words)!r} at the end is no time zone, such as UTC or Europe/Vienna"


def _range(match: re.Match[str]) -> str | None:
    for name, text in match.groupdict().items():
        least, most = _LIMITS[name]
        for number in re.findall(r"(?<![/.0-9])[0-9]+", text or ""):
            short = name == "year" and len(number) == 2
            if not short and not least <= int(number) <= most:
                return f"{number} is no {name}: expected {least} to {most}"
    return None
