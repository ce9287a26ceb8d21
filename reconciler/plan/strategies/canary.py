"""A part of the targets and of the requests first, step by step; then all the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from reconciler.model.plan import Mirror, Shift, Step, TargetChanges
from reconciler.model.policy import Canary, CanaryStep, MirrorTo, SetTargets, SetWeight
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.plan.balance import Balance
from reconciler.plan.roster import Roster, names
from reconciler.plan.strategies import canary_in_slots, rolling
from reconciler.policy.amount import at_least_one

_ALL = 100


def steps(strategy: Canary, roster: Roster) -> Iterator[Step]:
    """Yield the canary's steps, then the rest in batches.

    With a router, setWeight changes as many targets as the weight needs, and weighs the servers; without one, the
    number of targets is the weight. With slots and a router it goes slot by slot instead. Nothing is left to compare
    with on a first deployment, and with one target.
    """
    if not roster.first and roster.sides and roster.slots and roster.balance:
        yield from canary_in_slots.steps(strategy, roster, roster.sides, roster.balance)
        return
    if roster.first or len(roster.reach) < 2:
        yield from rolling.steps(strategy.rest, roster)
        return
    course = _Course(strategy, roster, _in_order(roster))
    for step in strategy.steps:
        yield from course.at(step)
    yield from course.rest()


def replicas(percent: int, of: int) -> int:
    """Return how many of ``of`` targets come nearest to so many percent of the requests when all get the same.

    On a tie the greater number; never none, and never all for less than 100 %, as long as there are two. Rule: Argo
    Rollouts' for a canary without a router.
    """
    exact = Fraction(of * percent, 100)
    low, high = int(exact), -int(-exact // 1)
    nearest = high if high - exact <= exact - low else low
    return nearest if percent >= 100 or of < 2 else min(max(nearest, 1), of - 1)


def _in_order(roster: Roster) -> list[TargetChanges]:
    """Those that are neither old nor new first, so that none of them passes for stable; those that are ill last."""
    return sorted(
        roster.targets,
        key=lambda each: (each.target not in roster.astray, each.target in roster.unhealthy, each.target),
    )


@dataclass(slots=True)
class _Course:
    """Where the canary stands while its plan is made. ``percent`` None: requests go by the number of servers."""

    strategy: Canary
    roster: Roster
    queue: list[TargetChanges]
    done: list[TargetChanges] = field(default_factory=list)
    number: int = 0
    percent: int | None = None
    mirrored: bool = False

    def __post_init__(self) -> None:
        if any(isinstance(step, SetWeight) for step in self.strategy.steps):
            self.percent = 0

    def at(self, step: CanaryStep) -> Iterator[Step]:
        """Yield what one step of the document means."""
        match step:
            case SetWeight(percent=percent, auto_promote=auto):
                yield from self._weigh(percent)
                yield from () if auto else (AwaitPromotion(),)
            case SetTargets(amount=amount, auto_promote=auto):
                yield from self._grow(self._within(at_least_one(amount, self.roster.size)))
                yield from () if auto else (AwaitPromotion(),)
            case MirrorTo(percent=percent):
                yield from self._mirror(percent)
            case Analyse():
                new = frozenset(names(self.done))
                old = self.roster.reach - new
                yield self.roster.compared(step, self.roster.servers(new), self.roster.servers(old))
            case Bake() | AwaitPromotion() | AwaitApproval() | CallHook():
                yield step
            case _:
                assert_never(step)

    def rest(self) -> Iterator[Step]:
        """Yield the promotion: what is left, in batches, until all get the same share."""
        if self.mirrored:
            yield from self._mirror(0)
        left = self.roster.only(self.queue[len(self.done) :])
        for number, batch in enumerate(rolling.batches(self.strategy.rest, left)):
            if number and self.strategy.rest.pause:
                yield Bake(self.strategy.rest.pause)
            yield from self._change(batch)
            yield from self._fair() if len(self.done) < len(self.queue) else ()
        yield from self.roster.at_rest("all to the new version")

    def _weigh(self, percent: int) -> Iterator[Step]:
        reach = len(self.roster.reach)
        count = replicas(percent, reach) if self.roster.balance is None else -(-reach * percent // 100)
        count = len(self.queue) if percent >= _ALL else self._within(max(count, len(self.roster.astray)))
        before, self.percent = self.percent, percent
        if count > len(self.done):
            yield from self._grow(count)
        elif before != percent:
            yield from self._shift(percent)

    def _within(self, count: int) -> int:
        """Never all of them: there has to be something to compare with."""
        return max(len(self.done), min(count, len(self.queue), len(self.roster.reach) - 1))

    def _grow(self, count: int) -> Iterator[Step]:
        """Yield the change of more targets, in batches as the rest goes, each with its part of the requests."""
        for batch in rolling.batches(self.strategy.rest, self.roster.only(self.queue[len(self.done) : count])):
            yield from self._change(batch)
            yield from self._shift(self.percent and -(-self.percent * len(self.done) // count))

    def _change(self, batch: tuple[TargetChanges, ...]) -> Iterator[Step]:
        self.number += 1
        yield from self.roster.away(self.number, batch, self.done)
        self.done += batch
        yield from self.roster.batch(self.number, batch)

    def _shift(self, percent: int | None) -> Iterator[Shift]:
        if self.roster.balance is None:
            return
        new, old = self._servers(self.roster.balance)
        if percent is None:
            yield self.roster.balance.shift(new | old, f"{len(new)} of {len(new | old)} servers have the new version")
        else:
            yield self.roster.balance.split(new, old, percent)

    def _fair(self) -> Iterator[Shift]:
        """Yield equal shares, or what the canary had, where that is more for the new version."""
        if self.roster.balance is None:
            return
        new, old = self._servers(self.roster.balance)
        fair = self.percent is None or self.percent * len(new | old) <= _ALL * len(new)
        yield from self._shift(None if fair else self.percent)

    def _servers(self, balance: Balance) -> tuple[frozenset[str], frozenset[str]]:
        new = balance.on(names(self.done)) & balance.live
        return new, (balance.serving & balance.live) - new

    def _mirror(self, percent: int) -> Iterator[Step]:
        if percent and not self.done:
            yield from self._grow(1)
        if self.roster.balance:
            yield Mirror(tuple(sorted(self.roster.balance.on(names(self.done)))), percent)
        self.mirrored = percent > 0
