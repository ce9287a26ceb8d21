"""Which refusals are written down: all, but what is tried again and again only once in a while, with a count. Pure.

Who scans a door must fill neither the journal nor what others have of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.model.identity import UnitId
from reconciler.model.word import AccessRefused

EACH = timedelta(minutes=1)
"""The same refusal is written down once in this time; while it goes on, in twice the time before, up to a day."""

_RAREST = timedelta(days=1)

AT_MOST = 60
"""So many refusals of all sorts are written down in that time."""

AT_MOST_OF_ONE = 10
"""So many of them are of one name, known in one way (of a stranger: from one address)."""

_REMEMBERED = 1000
_Caller: TypeAlias = tuple[str, str]
_Key: TypeAlias = tuple[str, str, str, UnitId | None]


@dataclass(frozen=True, slots=True)
class Told:
    """When a refusal was written down last, how many like it were not since, and how long none like it is."""

    at: datetime
    unsaid: int = 0
    rest: timedelta = EACH


@dataclass(frozen=True, slots=True)
class Refusals:
    """What was refused of late: by sort, and how many were written down since ``since``, of each caller.

    ``unsaid`` are those that were not because there were too many, of all sorts or of one caller.
    """

    told: Mapping[_Key, Told] = field(default_factory=dict)
    since: datetime | None = None
    counts: Mapping[_Caller, int] = field(default_factory=dict)
    unsaid: int = 0


def refused(before: Refusals, word: AccessRefused) -> tuple[Refusals, AccessRefused | None]:
    """Return what is known after one more refusal, and what is to be written down of it: nothing, or the word.

    The word then says how many there were that nobody wrote down.
    """
    now = _in_time(before, word.at)
    key = (word.name, word.login, word.action, word.unit)
    last = now.told.get(key)
    if last and word.at < last.at + last.rest:
        return replace(now, told={**now.told, key: replace(last, unsaid=last.unsaid + 1)}), None
    caller = (word.name, word.login)
    theirs = now.counts.get(caller, 0)
    if theirs >= AT_MOST_OF_ONE or sum(now.counts.values()) >= AT_MOST:
        return replace(now, unsaid=now.unsaid + 1), None
    told = {each: was for each, was in now.told.items() if each != key}
    told[key] = Told(word.at, rest=_rest(last, word.at))
    after = replace(now, told=told, counts={**now.counts, caller: theirs + 1}, unsaid=0)
    return after, replace(word, reason=word.reason + _counted(last.unsaid if last else 0, now.unsaid))


def _rest(last: Told | None, at: datetime) -> timedelta:
    """What is tried for days is told less and less often; what has rested for long is new."""
    goes_on = last is not None and at < last.at + 2 * last.rest
    return min(2 * last.rest, _RAREST) if last and goes_on else EACH


def _in_time(before: Refusals, at: datetime) -> Refusals:
    """Begin to count anew when the time is over; of too many sorts the oldest are forgotten, with a count."""
    if before.since is None or at >= before.since + EACH:
        before = replace(before, since=at, counts={})
    if len(before.told) < _REMEMBERED:
        return before
    kept = dict(list(before.told.items())[_REMEMBERED // 2 :])
    lost = sum(each.unsaid for key, each in before.told.items() if key not in kept)
    return replace(before, told=kept, unsaid=before.unsaid + lost)


def _counted(same: int, others: int) -> str:
    text = f" (and {same} times more since it was last written down)" if same else ""
    return text + (f" ({others} other refusals were not written down: there were too many)" if others else "")
