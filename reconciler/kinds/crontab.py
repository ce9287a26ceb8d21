"""Schedules and commands as crontab(5) writes them."""

import re
from collections.abc import Sequence

from reconciler.ports.shell import quote

_NICKNAMES = ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Sequence[tuple[str, int, int, Sequence[str]]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_PART = re.compile(r"(?P<all>\*)|(?P<low>[0-9]{1,2}|[a-z]{3})(?:-(?P<high>[0-9]{1,2}|[a-z]{3}))?", re.ASCII)


def problem(schedule: str) -> str | None:
    """Return what is wrong with a schedule, None when nothing is."""
    if schedule.startswith("@"):
        return None if schedule in _NICKNAMES else f"{schedule!r} is none of {', '.join(_NICKNAMES)}"
    fields = schedule.split(" ")
    if len(fields) != len(_FIELDS) or "" in fields or not schedule.isprintable():
        return (
            "expected five fields with single spaces (minute, hour, day of the month, month, day of the week), "
            "for example '30 3 * * mon-fri', or @daily"
        )
    wrong = (_field(text, field) for text, field in zip(fields, _FIELDS, strict=True))
    return next((each for each in wrong if each), None)


def _field(text: str, field: tuple[str, int, int, Sequence[str]]) -> str | None:
    name, least, most, words = field
    for part in text.lower().split(","):
        span, slash, step = part.partition("/")
        match = _PART.fullmatch(span)
        if not match or (slash and not re.fullmatch(r"[1-9][0-9]?", step)):
            return f"{part!r} cannot be the {name}: expected *, a number, or a span such as {least}-{most} or */5"
        if match["all"]:
            continue
        if slash and not match["high"]:
            return f"{part!r} cannot be the {name}: a step needs * or a span before it"
        low, high = (_number(each, words, least) for each in (match["low"], match["high"] or match["low"]))
        if low is None or high is None or not least <= low <= high <= most:
            return f"{part!r} cannot be the {name}: expected {least} to {most}, the smaller first"
    return None


def _number(text: str, words: Sequence[str], first: int) -> int | None:
    if text.isdecimal():
        return int(text)
    return words.index(text) + first if text in words else None


def command(words: Sequence[str]) -> str:
    """Return the words as a command of a crontab: one line for sh, in which nothing means anything to cron.

    cron takes a backslash away before ``%`` and, depending on whose it is, before another one; so after each of ours
    a quote ends and begins.
    """
    return " ".join(quote(word).replace("\\", "\\''").replace("%", "\\%") for word in words)
