"""Which messages of a channel are next: in order within each thread, no more than its rate. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.model.channel import Rate
from reconciler.model.delivery import Waiting

MESSAGE = "message:"
"""What the bundle begins with of those that have been tried as one message: they stay that."""

_SHORTEST, _LONGEST = timedelta(seconds=0.5), timedelta(minutes=5)

PATIENCE = timedelta(hours=24)
"""So long a message is tried again."""

LEAST_TRIES = 5
"""So often at least: what waited behind others is not given up at its first failure."""

PATIENCE_WITH_PEOPLE = timedelta(hours=1)
"""So long it is tried again while a person has to mend something first: others have to be told of it in time."""


Message: TypeAlias = tuple[int, ...]
"""What is told in one message, by the ids."""


def ready(waiting: Sequence[Waiting], now: datetime) -> tuple[Message, ...]:
    """Return the messages that are due: the first of each thread, with all that waits in its bundle.

    ``waiting`` has nothing of threads that are at work. What waits for others of its bundle, or for the end of quiet
    hours, holds nobody up before it was tried.
    """
    first, back = _first(waiting, now), _kept_back(waiting)
    messages, used = [], set[int]()
    for each in first.values():
        if each.due > now or each.id in used:
            continue
        together = [each.id]
        if each.bundle:
            alike = (one for one in waiting if one.bundle == each.bundle)
            fixed = each.bundle.startswith(MESSAGE)
            together = [one.id for one in alike if fixed or (one.id not in back and _free(one, first))]
        used.update(together)
        messages.append(tuple(together))
    return tuple(messages)


def _first(waiting: Sequence[Waiting], now: datetime) -> Mapping[str, Waiting]:
    """What is next of each thread, due or tried again later."""
    first: dict[str, Waiting] = {}
    for each in waiting:
        if each.due <= now or each.tries:
            first.setdefault(each.thread, each)
    return first


def _kept_back(waiting: Sequence[Waiting]) -> frozenset[int]:
    """What comes after something of its thread that was tried and is not told with it."""
    tried: dict[str, list[str]] = {}
    back = set()
    for each in waiting:
        before = tried.setdefault(each.thread, [])
        if any(not bundle or bundle != each.bundle for bundle in before):
            back.add(each.id)
        if each.tries:
            before.append(each.bundle)
    return frozenset(back)


def _free(one: Waiting, first: Mapping[str, Waiting]) -> bool:
    """Whether nothing else of its thread has to be told before it."""
    before = first.get(one.thread)
    return before is None or before.bundle == one.bundle


def within_rate(
    messages: Sequence[Message], waiting: Sequence[Waiting], left: int, now: datetime
) -> tuple[Message, ...]:
    """Return what may be sent of the messages when so many are left: the last of them has all that is over it.

    What is critical passes. What has been tried already stays the message that it was, and goes first.
    """
    known = {each.id: each for each in waiting}
    critical = [each for each in messages if any(known[one].critical for one in each)]
    others = sorted((each for each in messages if each not in critical), key=lambda each: not known[each[0]].tries)
    due = [each for each in waiting if each.due <= now and not each.tries and not each.critical]
    if len(others) <= left and len(due) <= left:
        return tuple(messages)
    if left <= 0:
        return tuple(critical)
    kept, over = others[: left - 1], others[left - 1 :]
    if over and known[over[0][0]].tries:
        return (*critical, *kept, over[0])
    taken = {known[one].thread for each in (*critical, *kept) for one in each}
    back = _kept_back(waiting)
    rest = tuple(each.id for each in due if each.thread not in taken and each.id not in back)
    return (*critical, *kept, *((rest,) if rest else ()))


def urgent_first(messages: Sequence[Message], waiting: Sequence[Waiting], now: datetime) -> tuple[Message, ...]:
    """Return the messages, first those of threads in which something critical is due: it may be behind others there."""
    urgent = {each.thread for each in waiting if each.critical and (each.tries or each.due <= now)}
    threads = {each.id: each.thread for each in waiting}
    return tuple(sorted(messages, key=lambda message: urgent.isdisjoint(threads[one] for one in message)))


def left(sent: Sequence[datetime], rate: Rate | None, now: datetime) -> int:
    """Return how many more messages may be sent now; ``sent`` are the times of those before."""
    if rate is None:
        return _UNLIMITED
    return max(0, rate.count - sum(each > now - rate.per for each in sent))


def free_at(sent: Sequence[datetime], rate: Rate, now: datetime) -> datetime:
    """Return when the next message may be sent."""
    recent = sorted(each for each in sent if each > now - rate.per)
    return recent[-rate.count] + rate.per if len(recent) >= rate.count else now


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries, before chance makes it a little longer or shorter."""
    doubled: int = 1 << min(max(tries - 1, 0), 20)
    return min(_LONGEST, _SHORTEST * doubled)


_UNLIMITED = 1_000_000
