"""CallHook: somebody else's program that has to say yes. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from reconciler.execute.moves import Call, End, Fail, Move, Sleep
from reconciler.execute.steps.decisions import promoted_fully, rejected
from reconciler.execute.steps.record import later
from reconciler.model.canonical import Json
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, StepRecord
from reconciler.model.step import CallHook
from reconciler.model.waiting import Reason, WaitingOn


@dataclass(frozen=True, slots=True)
class Yes:
    """It may go on; ``said`` is the answer in a line."""

    said: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """It said no, or nothing."""

    reason: str


Answer: TypeAlias = Yes | NotYet


def go_on(rollout: Rollout, step: CallHook, record: StepRecord, now: datetime) -> Move:
    """Return what is next: call, again after growing waits, until it has said yes or no too often."""
    if reason := rejected(rollout):
        return Fail(reason)
    if record.effect_at or promoted_fully(rollout):
        return End(step)
    if record.attempt > step.attempts:
        return Fail(f"the hook {step.hook} has not said yes: {record.note}")
    if later(record, now) and record.again_at:
        detail = f"the hook {step.hook} has not said yes: {record.note}"
        return Sleep(record.again_at, WaitingOn(Reason.HOOK, detail, record.again_at))
    return Call(step)


def payload(rollout: Rollout, plan: Plan) -> dict[str, Json]:
    """Return what a hook is told."""
    return {
        "unit": rollout.unit.app,
        "environment": rollout.unit.environment,
        "version": plan.unit.version,
        "commit": plan.unit.commit,
        "rollout": rollout.id,
        "step": rollout.cursor + 1,
        "cause": plan.cause.value,
    }
