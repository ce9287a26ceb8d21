"""Where a transaction stops to look again: what a program makes has to be there for the operations after it. Pure."""

from typing import TypeAlias, get_args

from reconciler.model.operation import ChangePackages, HostOperation, Operation, RunCommand

Segment: TypeAlias = tuple[tuple[int, HostOperation], ...]
"""Operations that are checked, staged, kept and switched together, each with its place in the transaction."""


def segments(operations: tuple[HostOperation, ...]) -> tuple[Segment, ...]:
    """Return the operations in order, cut after each that ends a segment; one empty segment where there are none."""
    found: list[list[tuple[int, HostOperation]]] = [[]]
    for place, operation in enumerate(operations):
        found[-1].append((place, operation))
        if ends_segment(operation) and place + 1 < len(operations):
            found.append([])
    return tuple(tuple(segment) for segment in found)


def ends_segment(operation: HostOperation) -> bool:
    """Return whether nobody can tell what the host will be like after the operation."""
    return isinstance(operation, RunCommand | ChangePackages)


def on_host(operations: tuple[Operation, ...]) -> tuple[HostOperation, ...]:
    """Return the operations as those of a host, which they all are."""
    found = tuple(each for each in operations if isinstance(each, get_args(HostOperation)))
    if len(found) != len(operations):
        raise TypeError(f"internal error: a host cannot do what an API is asked for: {operations}")
    return found
