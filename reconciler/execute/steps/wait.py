"""Bake, AwaitPromotion, AwaitApproval: waits for time and for people. Pure."""

from datetime import datetime

from reconciler import gate
from reconciler.execute.moves import End, Fail, Move, Sleep
from reconciler.execute.steps.decisions import approved_by, promoted, rejected
from reconciler.execute.words import approvals
from reconciler.model.duration import format_duration
from reconciler.model.rollout import Rollout, StepRecord
from reconciler.model.step import AwaitApproval, AwaitPromotion, Bake
from reconciler.model.waiting import Reason, WaitingOn


def bake(rollout: Rollout, step: Bake, record: StepRecord, now: datetime) -> Move:
    """Return that the time is awaited, or that it is over or a person does not want to wait any longer."""
    until = record.started_at + step.duration
    if reason := rejected(rollout):
        return Fail(reason)
    if promoted(rollout) or isinstance(gate.bake(record.started_at, step.duration, now), gate.Open):
        return End(step)
    return Sleep(until, WaitingOn(Reason.TIME, f"{format_duration(step.duration)} have to pass", until))


def promotion(rollout: Rollout, step: AwaitPromotion, record: StepRecord, now: datetime) -> Move:
    """Return that a person's word is awaited, or what it was."""
    if reason := rejected(rollout):
        return Fail(reason)
    if promoted(rollout):
        return End(step)
    detail = f"a person has to look and say: reconciler promote {rollout.unit}"
    return _for_a_person(step, record, now, WaitingOn(Reason.PROMOTION, detail, record.started_at + step.within))


def approval(rollout: Rollout, step: AwaitApproval, record: StepRecord, now: datetime) -> Move:
    """Return that approvals are awaited, of different people who may, or what they were."""
    if reason := rejected(rollout):
        return Fail(reason)
    said = approved_by(rollout, step.approvers)
    if len(said) >= step.count:
        return End(step)
    so_far = f", {len(said)} so far ({', '.join(said)})" if said else ""
    detail = f"it needs {approvals(step)}{so_far}: reconciler approve {rollout.unit}"
    return _for_a_person(step, record, now, WaitingOn(Reason.APPROVAL, detail, record.started_at + step.within))


def _for_a_person(step: AwaitPromotion | AwaitApproval, record: StepRecord, now: datetime, waiting: WaitingOn) -> Move:
    until = record.started_at + step.within
    if now >= until:
        return Fail(f"no {waiting.reason.value} within {format_duration(step.within)}")
    return Sleep(until, waiting)
