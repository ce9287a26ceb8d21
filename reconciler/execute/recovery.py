"""A step was begun and has no outcome: what a new look at a target says about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.change import LEAVING
from reconciler.model.ground import Ground
from reconciler.model.identity import ResourceId
from reconciler.model.plan import TargetChanges
from reconciler.model.resource import Resource, Survey, Unknown
from reconciler.model.target import Target, all_or_nothing
from reconciler.ports.kind import Conflict, Kind


@dataclass(frozen=True, slots=True)
class Done:
    """Everything is as the step wanted it: it happened."""


@dataclass(frozen=True, slots=True)
class Again:
    """It did not happen, or not wholly: do it. A target that knows the transaction does nothing twice."""


@dataclass(frozen=True, slots=True)
class CannotSee:
    """Nobody can say; nothing is done until somebody can."""

    reason: str


Recovered: TypeAlias = Done | Again | CannotSee


def wanted(changes: TargetChanges, resources: Mapping[ResourceId, Resource]) -> tuple[Resource, ...]:
    """Return the resources to look at: those the step leaves behind.

    What it takes away is not among them. Where a transaction is all or nothing, the rest tells. Elsewhere, and where a
    step only takes away, what takes away is done again.
    """
    return tuple(resources[change.resource] for change in changes.changes if change.action not in LEAVING)


def under_way(transaction: str, ground: Ground | None) -> Recovered | None:
    """Return what the target itself says of the transaction, None when what is seen there has to tell."""
    if ground is None:
        return None
    if ground.running and ground.running.transaction == transaction and ground.running.waits:
        # Whoever did it has yet to confirm it. Asked for again, the target says so, and it still can be confirmed.
        return Again()
    if ground.running and (ground.running.transaction == transaction or not ground.running.ours):
        what = "it is still under way" if ground.running.transaction == transaction else "another change is under way"
        return CannotSee(f"{what}, by {ground.running.by}")
    # Half of it may be there. The target puts all of that back before anything else is done.
    return Again() if ground.interrupted else None


def tells_all(changes: TargetChanges, target: Target) -> bool:
    """Whether what a step leaves behind on the target tells of all that it does there."""
    return all_or_nothing(target) or not any(change.action in LEAVING for change in changes.changes)


def decide(resources: tuple[Resource, ...], survey: Survey, kinds: Mapping[str, Kind]) -> Recovered:
    """Return what is known of one target after a look at the resources (``wanted``) the step leaves behind there."""
    differs = not resources
    for resource in resources:
        seen = survey.of(resource.id)
        if isinstance(seen, Unknown):
            return CannotSee(f"{resource.id.ref} on {resource.id.target} cannot be seen: {seen.reason}")
        try:
            differs = differs or kinds[resource.id.kind].diff(resource, seen) is not None
        except Conflict as conflict:
            return CannotSee(f"{resource.id.ref} on {resource.id.target}: {conflict}")
    return Again() if differs else Done()
