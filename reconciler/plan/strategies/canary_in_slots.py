"""A canary beside what serves: the idle slot gets the new version and more and more requests; the other comes last."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from reconciler.model.plan import Mirror, Step, TargetChanges
from reconciler.model.policy import Canary, CanaryStep, MirrorTo, SetTargets, SetWeight
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.plan.balance import Balance
from reconciler.plan.roster import Roster, Side, names
from reconciler.policy.amount import at_least_one

_ALL = 100


def steps(strategy: Canary, roster: Roster, sides: tuple[Side, Side], balance: Balance) -> Iterator[Step]:
    """Yield the canary's steps, the switch of all requests, and then the slot that served before.

    A weight is a part of the requests of all targets, so the idle slot has the new version on all of them by then.
    """
    course = _Course(roster, sides, balance, list(sides[0].targets))
    if sides[1].targets:
        yield from balance.drain(1, sides[0].servers)
        for step in strategy.steps:
            yield from course.at(step)
        yield from course.rest()
    else:
        # What serves has the new version already.
        yield from course.all()
        yield from roster.at_rest()


@dataclass(slots=True)
class _Course:
    """Where the canary stands while its plan is made; ``queue`` are targets whose idle slot is still to be changed."""

    roster: Roster
    sides: tuple[Side, Side]
    balance: Balance
    queue: list[TargetChanges]
    done: list[TargetChanges] = field(default_factory=list)
    number: int = 0
    mirrored: bool = False

    def at(self, step: CanaryStep) -> Iterator[Step]:
        """Yield what one step of the document means."""
        match step:
            case SetWeight(percent=percent, auto_promote=auto):
                yield from self.all()
                yield self._weigh(percent)
                yield from () if auto else (AwaitPromotion(),)
            case SetTargets(amount=amount, auto_promote=auto):
                yield from self._on(at_least_one(amount, self.roster.size))
                yield from () if auto else (AwaitPromotion(),)
            case MirrorTo(percent=percent):
                yield from self._mirror(percent)
            case Analyse():
                idle, live = self.sides
                yield self.roster.compared(step, sorted(idle.servers), sorted(live.servers))
            case Bake() | AwaitPromotion() | AwaitApproval() | CallHook():
                yield step
            case _:
                assert_never(step)

    def all(self) -> Iterator[Step]:
        """Yield the new version in the idle slot, wherever it is not there yet."""
        yield from self._changed(len(self.queue))

    def rest(self) -> Iterator[Step]:
        """Yield the promotion: all requests to the slot with the new version, which the other one gets then, too."""
        idle, live = self.sides
        if self.mirrored:
            yield from self._mirror(0)
        yield from self.all()
        yield self.balance.shift(idle.servers, f"all to {idle.name}")
        yield from self.balance.moved(live.servers | idle.servers).drain(self.number + 1, live.servers)
        yield from self.roster.batch(self.number + 1, live.targets, live.slot)

    def _changed(self, count: int) -> Iterator[Step]:
        batch, self.queue = self.queue[:count], self.queue[count:]
        self.done += batch
        self.number += bool(batch)
        yield from self.roster.batch(self.number, batch, self.sides[0].slot)

    def _weigh(self, percent: int) -> Step:
        idle, live = self.sides
        return self.balance.split(idle.servers, live.servers, percent)

    def _on(self, count: int) -> Iterator[Step]:
        """Yield the new version on so many targets, which serve with it alone."""
        idle, live = self.sides
        if self._shared(idle):
            yield from self.all()
            yield self._weigh(min(_ALL, -(-_ALL * count // self.roster.size)))
            return
        order = names(idle.targets)
        already = sorted({each.target for each in self.balance.members if each.server in idle.servers} - {*order})
        yield from self._changed(max(0, count - len(already) - len(self.done)))
        here = self.balance.on([*already, *order][:count])
        new, old = here & idle.servers, live.servers - here
        yield self.balance.shift(new | old, f"to {idle.name} on {len(new)}")

    def _shared(self, side: Side) -> bool:
        """Whether one name stands for the side on several targets: requests cannot be told apart by target then."""
        return len([each for each in self.balance.members if each.server in side.servers]) > len(side.servers)

    def _mirror(self, percent: int) -> Iterator[Step]:
        if percent:
            yield from self.all()
        yield Mirror(tuple(sorted(self.sides[0].servers)), percent)
        self.mirrored = percent > 0
