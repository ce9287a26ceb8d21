"""What a strategy is given: the targets with what has to be done on each, and all that it may go by. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from reconciler.model.health import HealthCheck
from reconciler.model.plan import Apply, Probe, Shift, Step, TargetChanges
from reconciler.model.step import Wait
from reconciler.plan.balance import Balance
from reconciler.plan.compared import compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two sides of an app: what has to be done there, and the servers that are there.

    ``slot`` is empty where the sides are sets of targets.
    """

    name: str
    slot: str
    targets: tuple[TargetChanges, ...]
    servers: frozenset[str] = frozenset()


Compared: TypeAlias = Callable[[Wait, Sequence[str], Sequence[str]], Wait]
"""The wait as it is for the servers with the new and with the old version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The targets of one plan.

    ``targets`` are those with changes, by name, ``reach`` all that can be seen; ``size`` counts the unit's, seen or
    not. ``labels`` are by target. ``down`` are targets out of service before anything is done: not seen, or
    ``unhealthy``. ``astray`` have neither the new version nor the last good one, ``failed`` have failed in what is
    taken back. ``stops`` stop the app where it runs. ``sides`` are the idle and the live one, where there are two.
    ``balance`` is there when requests come through a router. ``first``: no version of it has ever been good.
    """

    targets: tuple[TargetChanges, ...]
    reach: frozenset[str]
    size: int
    checks: tuple[HealthCheck, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    down: frozenset[str] = frozenset()
    unhealthy: frozenset[str] = frozenset()
    astray: frozenset[str] = frozenset()
    failed: Collection[str] = ()
    stops: tuple[TargetChanges, ...] = ()
    sides: tuple[Side, Side] | None = None
    slots: tuple[str, ...] = ()
    balance: Balance | None = None
    first: bool = False
    compared: Compared = compared

    @property
    def beside(self) -> bool:
        """Whether the new version comes up in a slot beside the old one, and gets its requests little by little."""
        return bool(self.sides and self.slots and self.balance)

    def only(self, targets: Iterable[TargetChanges]) -> "Roster":
        """Return the roster with changes on these targets alone."""
        return replace(self, targets=tuple(targets))

    def batch(self, number: int, targets: Sequence[TargetChanges], slot: str = "") -> Iterator[Step]:
        """Yield the change of a batch (or of one slot there) and the health checks that follow it."""
        if not targets:
            return
        yield Apply(number, tuple(targets), slot)
        if checks := tuple(each for each in self.checks if not slot or each.slot in ("", slot)):
            yield Probe(number, names(targets), checks)

    def away(self, number: int, targets: Sequence[TargetChanges], done: Iterable[TargetChanges] = ()) -> Iterator[Step]:
        """Yield what takes requests off a batch before it is changed; those ``done`` so far take them instead."""
        if self.balance and targets:
            back = self.balance.on(names(done)) & self.balance.live
            serving = self.balance.moved(self.balance.serving | back)
            yield from serving.drain(number, self.balance.on(names(targets)))

    def back(self, done: Iterable[TargetChanges], note: str = "") -> Iterator[Shift]:
        """Yield that those who served before, and those done so far, get equal shares."""
        if self.balance:
            served = (self.balance.serving | self.balance.on(names(done))) & self.balance.live
            # On a first deployment those that were changed may be none that get requests.
            yield from (self.balance.shift(served, note),) if served else ()

    def at_rest(self, note: str = "") -> Iterator[Shift]:
        """Yield the shares that stay when all is done."""
        if self.balance and self.balance.live:
            yield self.balance.shift(self.balance.live, note)

    def servers(self, targets: Collection[str]) -> Sequence[str]:
        """Return the servers on these targets; the targets themselves where there is no router."""
        return sorted(self.balance.on(targets)) if self.balance else sorted(targets)


def names(targets: Iterable[TargetChanges]) -> tuple[str, ...]:
    """Return the targets' names."""
    return tuple(each.target for each in targets)
