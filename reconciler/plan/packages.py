"""All package changes of a target in one run of its package tool, where what they need allows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from reconciler.model.operation import ChangePackages, Operation
from reconciler.model.resource import Resource
from reconciler.plan.order import needs

Step: TypeAlias = tuple[str, tuple[Operation, ...]]
"""A resource, by ref, and what is done to it."""


def together(steps: Sequence[Step], made: Sequence[Resource], taken: Sequence[Resource]) -> tuple[Operation, ...]:
    """Return the operations of all steps, in order, with packages in as few runs of the package tool as can be.

    ``made`` are all resources that shall be there, ``taken`` those that are taken away. A package goes to a run before
    it when nothing in between has to be changed before it: so it may be changed earlier than its place says, and never
    later. Raises plan.order.Cycle.
    """
    operations = tuple(operation for _, each in steps for operation in each)
    if sum(isinstance(operation, ChangePackages) for operation in operations) < 2:
        return operations
    return _together(steps, _earlier(made, taken))


def _earlier(made: Sequence[Resource], taken: Sequence[Resource]) -> Mapping[str, frozenset[str]]:
    """What is made comes after what it needs; what is taken away comes after what needed it."""
    needed = needs(taken)
    gone = {ref: frozenset(other for other in needed if ref in needed[other]) for ref in needed}
    return {**gone, **needs(made)}


def _together(steps: Sequence[Step], earlier: Mapping[str, frozenset[str]]) -> tuple[Operation, ...]:
    found: list[Operation] = []
    runs: list[_Run] = []
    for ref, operations in steps:
        joined = None
        for operation in operations:
            if isinstance(operation, ChangePackages):
                joined = next((run for run in runs if run.takes(operation, earlier[ref])), None)
                if joined:
                    joined.change = _joined(joined.change, operation)
                    found[joined.place] = joined.change
                    continue
                joined = _Run(operation, len(found))
                runs.append(joined)
            found.append(operation)
        for run in runs:
            if run is not joined:
                run.since.add(ref)
    return tuple(found)


@dataclass(slots=True)
class _Run:
    """A run of the package tool, its place among the operations, and the resources that are changed after it."""

    change: ChangePackages
    place: int
    since: set[str] = field(default_factory=set)

    def takes(self, other: ChangePackages, earlier: frozenset[str]) -> bool:
        """Whether a change can go with this one, though ``earlier`` have to come before it."""
        alike = (self.change.tool, self.change.recommends) == (other.tool, other.recommends)
        return alike and not earlier & self.since


def _joined(one: ChangePackages, other: ChangePackages) -> ChangePackages:
    return replace(
        one,
        install=one.install + other.install,
        remove=one.remove + other.remove,
        hold=one.hold + other.hold,
        unhold=one.unhold + other.unhold,
    )
