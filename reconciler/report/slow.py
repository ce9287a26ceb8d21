"""What took longest, what drifted most, how long people and apps let others wait. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.chronicle import Asked, Drifted, Felt, StepTook
from reconciler.model.event import Condition
from reconciler.report.period import Period
from reconciler.report.spread import NO_TIMES, Spread, spread


@dataclass(frozen=True, slots=True)
class Slow:
    """A step of a unit, by what it does, and how long it took each time."""

    unit: str
    what: str
    took: Spread
    total: timedelta


@dataclass(frozen=True, slots=True)
class Drifting:
    """A resource, how often it was seen to differ and how often it was healed, and when for the last time."""

    resource: str
    seen: int
    healed: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Waits:
    """How long plans waited for people until they were answered; ``unanswered`` wait still, or were given up."""

    answered: Spread = NO_TIMES
    unanswered: int = 0


def slowest(steps: Iterable[StepTook], most: int) -> tuple[Slow, ...]:
    """Return the steps in which most time went by, the longest first."""
    found: defaultdict[tuple[str, str], list[timedelta]] = defaultdict(list)
    for each in steps:
        found[str(each.unit), each.what].append(each.took)
    slow = [Slow(unit, what, spread(took), sum(took, timedelta(0))) for (unit, what), took in found.items()]
    return tuple(sorted(slow, key=lambda each: (-each.total, each.unit, each.what))[:most])


def drifting(drifted: Sequence[Drifted], most: int) -> tuple[Drifting, ...]:
    """Return the resources that drifted most often, the worst first."""
    seen = Counter(each.resource for each in drifted if not each.healed)
    healed = Counter(each.resource for each in drifted if each.healed)
    last: dict[str, datetime] = {}
    for each in drifted:
        last[each.resource] = max(each.at, last.get(each.resource, each.at))
    found = [Drifting(name, seen[name], healed[name], at) for name, at in last.items()]
    return tuple(sorted(found, key=lambda each: (-max(each.seen, each.healed), each.resource))[:most])


def waits(asked: Iterable[Asked], period: Period) -> Waits:
    """Return how long the plans that people were asked about in the period waited for them."""
    within = [each for each in asked if period.has(each.at)]
    answered = [each.answered_at - each.at for each in within if each.answered_at]
    return Waits(spread(answered), len(within) - len(answered))


def unhealthy(felt: Sequence[Felt], period: Period) -> Spread:
    """Return how long apps at rest were unhealthy on a target, of those times that began in the period and ended."""
    since: dict[tuple[str, str], datetime] = {}
    lasted: list[timedelta] = []
    for each in felt:
        key = (str(each.unit), each.target)
        if each.condition is Condition.UNHEALTHY:
            since.setdefault(key, each.at)
        elif each.condition is Condition.HEALTHY and key in since:
            began = since.pop(key)
            lasted += [each.at - began] if period.has(began) else []
    return spread(lasted)
