"""Confirm: targets that were changed a while ago are looked at again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from reconciler.execute.moves import End, GiveUp, Inspect, Move, Sleep
from reconciler.execute.steps.record import later, left, overdue
from reconciler.model.plan import Confirm, Plan
from reconciler.model.resource import DriftMode, Resource, Survey, Unknown
from reconciler.model.rollout import Rollout, StepRecord, TargetFailure
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.policy.applicable import applies
from reconciler.policy.ignoring import settled
from reconciler.policy.recalling import recalled
from reconciler.ports.kind import Conflict, Kind


@dataclass(frozen=True, slots=True)
class AsWanted:
    """Nothing differs."""


@dataclass(frozen=True, slots=True)
class Differs:
    """Something is not as the plan wants it; ``what`` says which."""

    what: str


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Nobody can say."""

    reason: str


Inspected: TypeAlias = AsWanted | Differs | NotSeen


def go_on(rollout: Rollout, step: Confirm, record: StepRecord, now: datetime) -> Move:
    """Return what is next: look at those that were not seen yet, again and again until the deadline."""
    unseen = tuple(target for target in left(rollout, step.targets) if target not in record.targets_done)
    if not unseen:
        return End(step)
    if overdue(rollout, now):
        reason = f"cannot be looked at again: {record.note or 'no answer'}"
        return GiveUp(tuple(TargetFailure(target=one, batch=step.batch, reason=f"{one} {reason}") for one in unseen))
    if later(record, now) and record.again_at:
        detail = f"{', '.join(unseen)} cannot be looked at again: {record.note}"
        return Sleep(record.again_at, WaitingOn(Reason.UNREACHABLE, detail, rollout.deadline))
    return Inspect(step, unseen)


def concerned(plan: Plan, target: str) -> tuple[Resource, ...]:
    """Return what has to be as the plan wants it: all the unit has there, but where drift is only reported or held."""
    changed = frozenset(change.resource for change in plan.changes)
    return tuple(
        one
        for one in plan.unit.resources
        if one.id.target == target
        and applies(one, changed)
        and (one.id in changed or (one.drift or plan.policy.drift) is DriftMode.HEAL)
    )


def inspect(resources: tuple[Resource, ...], survey: Survey, kinds: Mapping[str, Kind]) -> Inspected:
    """Return what a look at one target says."""
    for resource in resources:
        seen = survey.of(resource.id)
        if isinstance(seen, Unknown):
            return NotSeen(f"{resource.id.ref}: {seen.reason}")
        try:
            kind = kinds[resource.id.kind]
            there = recalled(kind, resource, seen, resource)
            difference = kind.diff(settled(resource, there), there)
        except Conflict as conflict:
            return Differs(f"{resource.id.ref} on {resource.id.target}: {conflict}")
        if difference:
            fields = ", ".join(field.path for field in difference.fields)
            where = f" ({fields})" if fields else ""
            return Differs(f"{resource.id.ref} on {resource.id.target} is no longer as it was put there{where}")
    return AsWanted()
