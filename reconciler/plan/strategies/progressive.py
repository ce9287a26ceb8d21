"""Ring after ring: a part of the fleet, then more of it, each only when the one before is as planned and healthy."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import assert_never

from reconciler.model.plan import Apply, Confirm, Drain, Probe, Step, TargetChanges
from reconciler.model.policy import AllAtOnce, Progressive, Ring, Rolling
from reconciler.model.step import Bake
from reconciler.plan.roster import Roster, names
from reconciler.plan.strategies import all_at_once, rolling
from reconciler.policy.amount import at_least_one


def steps(strategy: Progressive, roster: Roster) -> Iterator[Step]:
    """Yield ring after ring. Rings of other environments are no steps: those are waited for before there is a plan."""
    number = 0
    done: list[TargetChanges] = []
    for ring, targets in rings(strategy, roster):
        begun = number
        done += targets
        for step in _changed(ring, _before(roster, done, targets)):
            numbered, number = _counted(step, begun, number)
            yield numbered
        yield from _done(ring, roster, targets, number)
        new = frozenset(names(done))
        for wait in ring.then:
            yield roster.compared(wait, roster.servers(new), roster.servers(roster.reach - new))
    yield from roster.at_rest()


def rings(strategy: Progressive, roster: Roster) -> Iterator[tuple[Ring, tuple[TargetChanges, ...]]]:
    """Yield the rings that have anything to change; what no ring names comes last."""
    left = list(roster.targets)
    here = [ring for ring in strategy.rings if ring.environment is None]
    for ring in chain(here, [Ring(strategy=here[-1].strategy if here else AllAtOnce())]):
        chosen = _chosen(ring, roster, left)
        left = [each for each in left if each not in chosen]
        if chosen:
            yield ring, tuple(chosen)


def _chosen(ring: Ring, roster: Roster, left: Sequence[TargetChanges]) -> Sequence[TargetChanges]:
    wanted = dict(ring.labels).items()
    fitting = [each for each in left if wanted <= roster.labels.get(each.target, {}).items()]
    if ring.amount is None:
        return fitting
    # A percentage is of the fleet, and of what earlier rings have changed too: 10 % and then 50 % is half of it.
    return fitting[: at_least_one(ring.amount, roster.size)]


def _before(roster: Roster, done: Sequence[TargetChanges], targets: Sequence[TargetChanges]) -> Roster:
    """Return the roster of one ring: what earlier rings have changed serves already, what later ones change still."""
    if roster.balance is None:
        return roster.only(targets)
    earlier = [each for each in done if each not in targets]
    serving = (roster.balance.serving | roster.balance.on(names(earlier))) & roster.balance.live
    here = roster.balance.on(names(targets)) & roster.balance.live
    return replace(roster.only(targets), balance=replace(roster.balance, serving=serving, live=serving | here))


def _changed(ring: Ring, roster: Roster) -> Iterator[Step]:
    match ring.strategy:
        case AllAtOnce():
            yield from all_at_once.steps(ring.strategy, roster)
        case Rolling():
            yield from rolling.steps(ring.strategy, roster)
        case _:
            assert_never(ring.strategy)


def _counted(step: Step, begun: int, number: int) -> tuple[Step, int]:
    """Number batches over all rings."""
    if isinstance(step, Apply | Probe | Drain):
        step = replace(step, batch=begun + step.batch)
        return step, max(number, step.batch)
    return step, number


def _done(ring: Ring, roster: Roster, targets: Sequence[TargetChanges], number: int) -> Iterator[Step]:
    """Yield what has to be true of a ring before the next one: it has been good since, and is as the plan wants it."""
    if ring.bake > timedelta(0):
        yield Bake(ring.bake)
    yield Confirm(number, names(targets))
    if roster.checks:
        yield Probe(number, names(targets), roster.checks)
