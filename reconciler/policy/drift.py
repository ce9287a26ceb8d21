"""What policy says about drift: heal, report or hold; how long to wait before it is healed again; how many at once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from reconciler.model.change import Action, Cause
from reconciler.model.difference import Differing
from reconciler.model.duration import format_duration
from reconciler.model.identity import ResourceId
from reconciler.model.policy import (
    AllAtOnce,
    Amount,
    BlueGreen,
    Canary,
    Progressive,
    Recreate,
    Ring,
    Rolling,
    RolloutPolicy,
    Strategy,
)
from reconciler.model.resource import DriftMode, Resource
from reconciler.model.standing import Heals, UnitStanding
from reconciler.policy.amount import at_least_one

FIRST_WAIT = timedelta(seconds=2)
FACTOR = 3
LONGEST_WAIT = timedelta(minutes=5)
"""The waits after failed heals, and between heals of what drifted again each time: 2 s, 6 s, 18 s ... 5 min."""

QUIET = timedelta(hours=1)
"""What has not drifted for so long is no longer in a fight. Tools that run every half an hour still are."""

A_FIGHT = 3
"""So many heals one after the other are a fight with somebody and worth telling."""

MANY = 5
"""Fewer targets than this that drift alike are no mass drift, whatever share of the unit they are."""

SLOWLY = Amount(20, percent=True)
"""How many of a unit's targets are healed at once when most of them drift alike and policy names no number."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Most targets of a unit differ in the same fields of the same resource, and no commit asked for it."""

    ref: str
    fields: tuple[str, ...]
    targets: int
    of: int

    def __str__(self) -> str:
        what = ", ".join(self.fields) if self.fields else "gone"
        return f"{self.ref} has drifted on {self.targets} of {self.of} targets in the same way ({what})"


def withheld(differing: Differing, policy: RolloutPolicy) -> DriftMode | None:
    """Return why a difference is left alone (report or hold), None when it is to be mended."""
    if differing.change.cause is not Cause.DRIFT:
        return None
    mode = differing.resource.drift or policy.drift
    return None if mode is DriftMode.HEAL else mode


def next_try(standing: UnitStanding) -> datetime | None:
    """Return the earliest time of the next heal, None when nothing failed since the last good end."""
    if not standing.failed_heals or standing.last_failed_at is None:
        return None
    return standing.last_failed_at + _wait(standing.failed_heals)


def next_heal(heals: Heals | None, now: datetime) -> datetime | None:
    """Return when what was healed before may be healed again; None when that is now.

    The first heal is made at once. What drifted again soon after is changed by somebody else too, and each heal more
    makes the next one come later.
    """
    if heals is None or now - heals.last >= QUIET:
        return None
    again = heals.last + _wait(heals.count)
    return again if again > now else None


def healed_again(before: Heals | None, fields: tuple[str, ...], at: datetime) -> Heals:
    """Return the heals of a resource with one more, made at ``at``; after a quiet time the counting begins anew."""
    if before is None or at - before.last >= QUIET:
        return Heals(count=1, since=at, last=at, fields=fields)
    return replace(before, count=before.count + 1, last=at, fields=fields)


def fighting(standing: UnitStanding, now: datetime) -> tuple[tuple[ResourceId, Heals], ...]:
    """Return the resources that somebody else changes again each time they are healed, and did so lately."""
    found = ((each, standing.heals[each]) for each in sorted(standing.heals))
    return tuple((each, heals) for each, heals in found if heals.count >= A_FIGHT and now - heals.last < QUIET)


def in_words(resource: ResourceId, heals: Heals) -> str:
    """Return in words how often the resource was healed and what was changed each time."""
    times = "once" if heals.count == 1 else f"{heals.count} times in {_roughly(heals.last - heals.since)}"
    what = f"{', '.join(heals.fields)} changed" if heals.fields else "taken away"
    return f"{resource.ref} on {resource.target} was healed {times} and drifted again: {what} by somebody else"


def spread(resources: Iterable[Resource]) -> Mapping[str, int]:
    """Return on how many targets each resource is, by ref."""
    return Counter(each.id.ref for each in resources)


def common(drifted: Sequence[str], on: Mapping[str, int]) -> tuple[str, int] | None:
    """Return what most targets that have it lost at once, and how many of them; ``drifted`` are refs with their target.

    ``on`` says on how many each ref is.
    """
    counted = Counter(each.partition("/")[2] for each in drifted)
    most = counted.most_common(1)
    return most[0] if most and _is_many(most[0][1], on.get(most[0][0], 0)) else None


def alike(differing: Sequence[Differing], on: Mapping[str, int]) -> Alike | None:
    """Return the drift that more than half of the targets, and at least MANY, have in common; None when there is none.

    ``on`` says on how many each ref is. Something was done to all of them at once, on purpose or by a mistake that may
    be ours.
    """
    drifted = (each for each in differing if each.change.cause is Cause.DRIFT)
    counted = Counter((each.resource.id.ref, _fields(each)) for each in drifted)
    for (ref, fields), number in counted.most_common(1):
        if _is_many(number, on.get(ref, 0)):
            return Alike(ref, fields, number, on[ref])
    return None


def healing_strategy(policy: RolloutPolicy, targets: int, found: Alike | None) -> Strategy:
    """Return how a heal travels: as policy says, slowly when most targets drift alike, else in the strategy's batches.

    It brings nothing new, so no part of the fleet tries it first. Percentages are of the unit's ``targets``, not of
    those that drift.
    """
    usual = _usual(policy.strategy)
    amount = policy.healing.at_once or (SLOWLY if found and isinstance(usual, AllAtOnce) else None)
    if amount is None:
        return usual
    size = Amount(at_least_one(amount, targets))
    return replace(usual, batch_size=size) if isinstance(usual, Rolling) else Rolling(batch_size=size)


def _usual(strategy: Strategy) -> AllAtOnce | Rolling:
    match strategy:
        case AllAtOnce() | Recreate():
            return AllAtOnce()
        case Rolling():
            return strategy
        case Canary(rest=rest):
            return rest
        case Progressive(rings=(*_, Ring(strategy=Rolling() as last))):
            return last
        case BlueGreen() | Progressive():
            return Rolling(batch_size=SLOWLY)
        case _:
            assert_never(strategy)


def _is_many(number: int, of: int) -> bool:
    return number >= MANY and number * 2 > of


def _roughly(duration: timedelta) -> str:
    return format_duration(timedelta(seconds=max(1, round(duration.total_seconds()))))


def _wait(times: int) -> timedelta:
    wait: timedelta = min(FIRST_WAIT * int(FACTOR ** min(times - 1, 10)), LONGEST_WAIT)
    return wait


def _fields(each: Differing) -> tuple[str, ...]:
    return () if each.change.action is Action.CREATE else tuple(field.path for field in each.change.fields)
