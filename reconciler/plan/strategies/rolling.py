"""Batch after batch, each healthy before the next is touched."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from reconciler.model.plan import Step, TargetChanges
from reconciler.model.policy import Rolling
from reconciler.model.step import Bake
from reconciler.plan.roster import Roster, Side, names
from reconciler.policy.availability import batch_size, surge, unavailable


def steps(strategy: Rolling, roster: Roster) -> Iterator[Step]:
    """Yield batch by batch: requests off it, apply, health checks, requests back; a pause between two batches."""
    if roster.sides and roster.slots and surge(strategy, roster.size) and not roster.first:
        yield from _surging(strategy, roster, roster.sides)
        return
    found = list(batches(strategy, roster))
    done: list[TargetChanges] = []
    for number, batch in enumerate(found, start=1):
        if number > 1 and strategy.pause > timedelta(0):
            yield Bake(strategy.pause)
        yield from roster.away(number, batch, done)
        done += batch
        yield from roster.batch(number, batch)
        yield from roster.at_rest() if number == len(found) else roster.back(done)


def batches(strategy: Rolling, roster: Roster) -> Iterator[tuple[TargetChanges, ...]]:
    """Yield the batches.

    Those that are unhealthy come first: to change them takes nobody out of service. Then one value of the label after
    the other, never two in a batch, and never more than may be out of service beside those that stay so.
    """
    size = batch_size(strategy, roster.size)
    free = [each for each in roster.targets if each.target in roster.unhealthy]
    budget = unavailable(strategy, roster.size)
    yield from _cut(free, size if budget is None else max(1, min(size, budget)))
    stay_down = roster.down - set(names(roster.targets))
    room = size if budget is None else max(1, min(size, budget - len(stay_down)))
    healthy = [each for each in roster.targets if each.target not in roster.unhealthy]
    for _, group in groupby(_in_order(strategy, roster, healthy), key=lambda each: _value(strategy, roster, each)):
        yield from _cut(list(group), room)


def _surging(strategy: Rolling, roster: Roster, sides: tuple[Side, Side]) -> Iterator[Step]:
    """Yield batches on which the idle slot gets the new version and then the requests, before the other is touched."""
    idle, live = ({each.target: each for each in side.targets} for side in sides)
    places = surge(strategy, roster.size) + (unavailable(strategy, roster.size, surging=1) or 0)
    size = min(batch_size(strategy, roster.size), places)
    done: list[TargetChanges] = []
    for number, batch in enumerate(_cut(list(_in_order(strategy, roster, roster.targets)), size)):
        if number and strategy.pause > timedelta(0):
            yield Bake(strategy.pause)
        here = names(batch)
        done += batch
        yield from roster.batch(2 * number + 1, [idle[each] for each in here if each in idle], sides[0].slot)
        yield from _switched(roster, sides, (names(done), here), 2 * number + 2)
        yield from roster.batch(2 * number + 2, [live[each] for each in here if each in live], sides[1].slot)
    if roster.balance:
        yield roster.balance.shift(sides[0].servers, f"all to {sides[0].name}")


def _switched(
    roster: Roster, sides: tuple[Side, Side], done: tuple[Sequence[str], Sequence[str]], batch: int
) -> Iterator[Step]:
    """Yield that the idle slot serves on all targets so far, and the other one of this batch is left in peace."""
    if roster.balance:
        so_far, here = (roster.balance.on(each) for each in done)
        new = so_far & sides[0].servers
        serving = roster.balance.moved(roster.balance.serving | new)
        yield serving.shift((serving.serving - so_far) | new, f"to {sides[0].name} on {len(new)}")
        yield from serving.drain(batch, here & sides[1].servers)


def _in_order(strategy: Rolling, roster: Roster, targets: Sequence[TargetChanges]) -> Sequence[TargetChanges]:
    return sorted(targets, key=lambda each: (_value(strategy, roster, each), each.target))


def _value(strategy: Rolling, roster: Roster, each: TargetChanges) -> tuple[bool, str]:
    """The label's value; those without the label come last."""
    found = roster.labels.get(each.target, {}).get(strategy.order_by) if strategy.order_by else ""
    return (found is None, found or "")


def _cut(targets: Sequence[TargetChanges], size: int) -> Iterator[tuple[TargetChanges, ...]]:
    yield from (tuple(targets[start : start + size]) for start in range(0, len(targets), size))
