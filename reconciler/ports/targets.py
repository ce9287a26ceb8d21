"""What the stages ask of the things we change, whatever they are."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TypeAlias, TypeVar

from reconciler.model.canonical import Digest
from reconciler.model.guard import Guard
from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.mark import Marks
from reconciler.model.operation import Operation
from reconciler.model.resource import Resource, Survey
from reconciler.model.target import Target
from reconciler.ports.outputs import SILENT, Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What shall happen to one target, all or nothing.

    ``id`` is the same whenever the same step of the same rollout is tried again: a target that has already done it
    answers so and does nothing. ``after`` are the resources as they will be, ``removed`` the refs that will be gone:
    for targets that are not driven by operations. ``contents`` holds the blobs of the operations. ``fence`` is the
    newest token of another controller that was seen there (``model.ground``): a target with a newer one refuses, as
    Stale; None asks for nothing. One without operations only takes back what was interrupted there. With a ``guard`` it
    is done only when it could be confirmed over a new connection; otherwise the target takes it back, and that is
    Refused. ``marks`` are kept there by targets that can keep them, for as long as what they speak of is ours. What its
    programs print goes to ``output`` while they run; ``secrets`` are the references of all that the unit has there:
    none of their values is in what is raised.
    """

    id: str
    operations: tuple[Operation, ...]
    after: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()
    contents: Mapping[Digest, bytes] = field(default_factory=dict)
    limit: timedelta = timedelta(minutes=5)
    fence: int | None = None
    guard: Guard | None = None
    marks: Marks | None = None
    output: Sink = SILENT
    secrets: frozenset[str] = frozenset()


T = TypeVar("T", contravariant=True)  # noqa: PLC0105 - a target of some sort


class TargetsOf(Protocol[T]):
    """The targets of some sort. Every method is bounded in time and raises WorldError only."""

    async def survey(self, target: T, /, resources: Sequence[Resource]) -> Survey:
        """Look at the resources in one round trip. What could not be looked at is Unknown, never Absent."""
        ...

    async def apply(self, target: T, /, transaction: Transaction) -> None:
        """Do all of it, or raise.

        Everything is as it was after Refused, Denied and Stale; a part was done after Halfway; Broken is for a person;
        after Unreachable nobody knows: it may have been done, may be half-way, may still be under way.
        """
        ...

    async def check(self, target: T, /, check: HealthCheck) -> CheckResult:
        """Ask one health check once. A target that cannot be reached is an unhealthy answer, not an error."""
        ...


class WatchableOf(TargetsOf[T], Protocol[T]):
    """Targets of some sort that can tell by themselves when something changes there."""

    def changes(self, target: T, /, resources: Sequence[Resource], period: timedelta) -> AsyncGenerator[None, None]:
        """Yield whenever the resources are not as the last survey of them saw them; the target looks every ``period``.

        Raises WorldError when the target cannot be watched (any more). Close it (``aclosing``).
        """
        ...


Targets: TypeAlias = TargetsOf[Target]
"""The world, target by target."""

Watchable: TypeAlias = WatchableOf[Target]
"""The world, telling by itself when something changes."""
