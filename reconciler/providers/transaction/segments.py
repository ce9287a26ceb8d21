"""Where a transaction stops to look again: what a program makes has to be there for the operations after it. Pure."""

from typing import TypeAlias

from reconciler.model.operation import ChangePackages, Operation, RunCommand

Segment: TypeAlias = tuple[tuple[int, Operation], ...]
"""Operations that are checked, staged, kept and switched together, each with its place in the transaction."""


def segments(operations: tuple[Operation, ...]) -> tuple[Segment, ...]:
    """Return the operations in order, cut after each that ends a segment; one empty segment where there are none."""
    found: list[list[tuple[int, Operation]]] = [[]]
    for place, operation in enumerate(operations):
        found[-1].append((place, operation))
        if ends_segment(operation) and place + 1 < len(operations):
            found.append([])
    return tuple(tuple(segment) for segment in found)


def ends_segment(operation: Operation) -> bool:
    """Return whether nobody can tell what the host will be like after the operation."""
    return isinstance(operation, RunCommand | ChangePackages)
