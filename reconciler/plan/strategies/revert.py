"""The way back: requests first, then the targets that were changed, the last first. It waits for health alone."""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model.plan import Mirror, Step, TargetChanges
from reconciler.model.policy import Canary, MirrorTo, Recreate, RevertPace, RolloutPolicy
from reconciler.plan.roster import Roster, Side, names
from reconciler.plan.strategies import recreate
from reconciler.policy.availability import at_once


def steps(policy: RolloutPolicy, roster: Roster) -> Iterator[Step]:
    """Yield the revert of the roster's targets. Requests go to what is still good before anything is touched."""
    if roster.balance and _mirrors(policy):
        yield Mirror(tuple(sorted(roster.balance.on(roster.reach))), 0)
    if isinstance(policy.strategy, Recreate):
        yield from recreate.steps(policy.strategy, roster)
    elif roster.sides:
        yield from _sides(roster, roster.sides)
    else:
        yield from _targets(policy, roster)


def _targets(policy: RolloutPolicy, roster: Roster) -> Iterator[Step]:
    size = len(roster.targets)
    if policy.revert_pace is RevertPace.AVAILABLE:
        size = at_once(policy.strategy, roster.size)
    good = _good(policy, roster)
    if roster.balance and good:
        yield roster.balance.shift(good, _whereto(roster, good))
        roster = replace(roster, balance=roster.balance.moved(roster.balance.serving | good))
    order = _backwards(roster)
    done: list[TargetChanges] = []
    for number, start in enumerate(range(0, len(order), max(1, size)), start=1):
        batch = order[start : start + size]
        yield from roster.away(number, batch, done)
        done += batch
        yield from roster.batch(number, batch)
        if roster.balance and len(done) < len(order):
            serving = (good or roster.balance.serving) | roster.balance.on(names(done))
            # Before the first deployment nobody gets requests, and of those done so far perhaps nobody ever does.
            if to := serving & roster.balance.live:
                yield roster.balance.shift(to)
    yield from roster.at_rest("as before")


def _good(policy: RolloutPolicy, roster: Roster) -> frozenset[str]:
    """The servers that get the requests at once: those that were not changed.

    A few of them cannot bear what all did. Where they are less than half, only what has failed gets no more, and the
    others that were changed go on until it is their turn, unless policy wants all of them back at once.
    """
    if roster.balance is None:
        return frozenset()
    good = roster.balance.live - roster.balance.on(names(roster.targets))
    if not good or policy.revert_pace is not RevertPace.AVAILABLE or 2 * len(good) >= len(roster.balance.live):
        return good
    return good | ((roster.balance.serving & roster.balance.live) - roster.balance.on(roster.failed))


def _whereto(roster: Roster, good: frozenset[str]) -> str:
    changed = roster.balance.on(names(roster.targets)) if roster.balance else frozenset()
    return "away from what has failed" if good & changed else "to what was not changed"


def _backwards(roster: Roster) -> list[TargetChanges]:
    """Those that failed first, then the others, the last changed first."""
    failed = [each for each in roster.targets if each.target in roster.failed]
    return failed + [each for each in reversed(roster.targets) if each not in failed]


def _sides(roster: Roster, sides: tuple[Side, Side]) -> Iterator[Step]:
    """Yield one switch to the side that is good, or that can be so first, and then the way back of the other."""
    other, side = sides
    balance = roster.balance
    if balance:
        good = side.servers - balance.on(names(side.targets), side.slot)
        if good:
            yield balance.shift(good, f"all to {side.name}")
        busy = balance.moved(balance.serving | good)
        yield from busy.drain(1, balance.serving & (side.servers - good))
    yield from roster.batch(1, side.targets, side.slot)
    if balance and side.targets:
        yield balance.shift(side.servers, f"all to {side.name}")
    if balance and other.targets:
        yield from balance.moved(balance.serving | side.servers).drain(2, balance.serving & other.servers)
    yield from roster.batch(2, other.targets, other.slot)
    yield from roster.at_rest(f"all to {side.name}")


def _mirrors(policy: RolloutPolicy) -> bool:
    return isinstance(policy.strategy, Canary) and any(isinstance(step, MirrorTo) for step in policy.strategy.steps)
