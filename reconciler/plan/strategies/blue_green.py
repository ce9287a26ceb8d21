"""The side that serves nobody gets the new version and is verified; then the requests are switched."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from reconciler.model.plan import Step
from reconciler.model.policy import BlueGreen
from reconciler.model.step import AwaitPromotion, Bake
from reconciler.plan.roster import Roster, Side, names


def steps(strategy: BlueGreen, roster: Roster) -> Iterator[Step]:
    """Yield the idle side, its verification, the switch, and, when the old side is not needed back, that side too.

    A first deployment has nothing to switch from: both sides get it at once.
    """
    if roster.first or roster.sides is None:
        yield from roster.away(1, roster.targets)
        yield from roster.batch(1, roster.targets)
        yield from roster.at_rest()
        return
    idle, live = roster.sides
    yield from _quiet(roster, idle)
    yield from roster.batch(1, idle.targets, idle.slot)
    if not live.targets:
        yield from roster.at_rest()
        return
    yield from _waited(strategy.warm_up)
    for wait in strategy.verify:
        yield roster.compared(wait, _of(idle), _of(live))
    if not strategy.auto_switch:
        yield AwaitPromotion()
    yield from _switched(strategy, roster, (idle, live))
    yield from _waited(strategy.retire_after)
    yield from roster.batch(2, live.targets, live.slot)


def _quiet(roster: Roster, idle: Side) -> Iterator[Step]:
    """Yield that the idle side is left in peace, where it is not already."""
    if roster.balance:
        yield from roster.balance.drain(1, idle.servers)


def _switched(strategy: BlueGreen, roster: Roster, sides: tuple[Side, Side]) -> Iterator[Step]:
    """Yield the portions, and then all requests to the new side."""
    idle, live = sides
    if roster.balance is None:
        return
    for portion in strategy.shift:
        yield roster.balance.split(idle.servers, live.servers, portion.percent)
        yield from _waited(portion.duration)
    yield roster.balance.shift(idle.servers, f"all to {idle.name}")
    yield from roster.balance.moved(live.servers | idle.servers).drain(2, live.servers)


def _waited(duration: timedelta) -> Iterator[Step]:
    if duration > timedelta(0):
        yield Bake(duration)


def _of(side: Side) -> Sequence[str]:
    return sorted(side.servers) or names(side.targets)
