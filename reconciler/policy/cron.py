"""When a cron expression comes round in a time zone, by the clock on the wall there. Pure.

The only place that knows the cron library. It walks over local time without any zone, and what it finds is then put
into the zone: a time that a clock leaves out in spring comes at the moment it is moved, one that it shows twice in
autumn comes once, the first time. What comes round through all hours (its hour begins with ``*``) goes by real time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_DAY = timedelta(days=1)
_NAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *"}


class CronMistake(ValueError):
    """A text is no cron expression, or names no time zone."""


def checked(expression: str) -> str:
    """Return the five fields of an expression; raise CronMistake."""
    written = _NAMES.get(expression.strip(), expression)
    fields = written.split()
    if len(fields) != len(_FIELDS):
        raise CronMistake(f"expected five fields ({', '.join(_FIELDS)}), got {len(fields)}")
    try:
        comes = next(CronSim(written, datetime(2000, 1, 1)), None)  # noqa: DTZ001 - wall clock, of no zone
    except CronSimError as error:
        raise CronMistake(str(error).replace("Bad", "there is something wrong with the").replace("-", " ")) from error
    if comes is None:
        raise CronMistake("there is never such a day")
    return " ".join(fields)


def zone(name: str) -> ZoneInfo:
    """Return the time zone of that name in the IANA database; raise CronMistake."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CronMistake(f"there is no time zone named '{name}'; write one such as Europe/Berlin or UTC") from error


@lru_cache(maxsize=1024)
def latest(expression: str, where: ZoneInfo, now: datetime) -> datetime | None:
    """Return when it came round last, now included; None when never."""
    # One step beyond, because the library leaves out where it begins.
    begin = now + _jump(now, where) + timedelta(seconds=1)
    return next((moment for moment in _walk(expression, where, begin, reverse=True) if moment <= now), None)


def following(expression: str, where: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield when it comes round after that time, in order and each once; it ends where it never comes again."""
    before = after
    for moment in _walk(expression, where, after - _jump(after, where)):
        if moment > before:
            yield moment
            before = moment


def instant(wall: datetime, where: ZoneInfo) -> datetime:
    """Return the moment in UTC at which clocks in the zone first show that time, or are moved past it."""
    if shown := _shown(wall, where):
        return shown[0]
    before, after = (wall.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (1, 0))
    return _moved(where, before, after)


def _walk(expression: str, where: ZoneInfo, begin: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    walls = CronSim(expression, _wall(begin, where), reverse=reverse)
    if expression.split()[1].startswith("*"):
        return _each_time(walls, where, reverse=reverse)
    return (instant(wall, where) for wall in walls)


def _each_time(walls: Iterable[datetime], where: ZoneInfo, *, reverse: bool) -> Iterator[datetime]:
    """Yield all moments at which clocks show the times, in order: a time that is shown twice comes twice."""
    others: deque[datetime] = deque()
    for wall in walls:
        shown = _shown(wall, where)
        for moment in shown[-1:] if reverse else shown[:1]:
            while others and (others[0] > moment) is reverse:
                yield others.popleft()
            yield moment
        others.extend(shown[:-1] if reverse else shown[1:])
    yield from others


def _shown(wall: datetime, where: ZoneInfo) -> tuple[datetime, ...]:
    """The moments at which clocks in the zone show that time: two, one, or none."""
    moments = (wall.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1))
    return tuple(each for each in dict.fromkeys(moments) if _wall(each, where) == wall)


def _wall(moment: datetime, where: ZoneInfo) -> datetime:
    return moment.astimezone(where).replace(tzinfo=None)


def _jump(moment: datetime, where: ZoneInfo) -> timedelta:
    """How far clocks in the zone are moved within a day of the moment."""
    offsets = [_offset(moment + each, where) for each in (-_DAY, timedelta(0), _DAY)]
    return max(offsets) - min(offsets)


def _offset(moment: datetime, where: ZoneInfo) -> timedelta:
    return moment.astimezone(where).utcoffset() or timedelta(0)


def _moved(where: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second between the two at which the zone has the offset that it has at the end."""
    shown: Callable[[int], timedelta] = lambda second: _offset(before + timedelta(seconds=second), where)  # noqa: E731
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if shown(middle) == shown(high) else (middle + 1, high)
    return before + timedelta(seconds=low)
