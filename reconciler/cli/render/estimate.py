"""How long a rollout will still take, by how long the steps of earlier ones took. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.plan import Plan, Step
from reconciler.model.rollout import Rollout
from reconciler.model.step import AwaitApproval, AwaitPromotion, Bake

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The time that is left, beside ``people`` waits for somebody's word."""

    left: timedelta
    people: int


def estimate(plan: Plan, rollout: Rollout, took: Mapping[str, timedelta], now: datetime) -> Estimate | None:
    """Return what is left of the plan; None when nobody knows how long one of its steps takes.

    ``took`` is how long each sort of step took before. A step in hand counts with what is left of that, or nothing.
    """
    rest = plan.steps[rollout.cursor :]
    people = sum(isinstance(step, AwaitPromotion | AwaitApproval) for step in rest)
    each = [_lasts(step, took) for step in rest if not isinstance(step, AwaitPromotion | AwaitApproval)]
    known = [duration for duration in each if duration is not None]
    if len(known) < len(each):
        return None
    record = rollout.step
    in_hand = record is not None and (record.plan, record.index) == (rollout.plan, rollout.cursor)
    waits = bool(rest) and isinstance(rest[0], AwaitPromotion | AwaitApproval)
    spent = min(now - record.started_at, known[0]) if record and in_hand and known and not waits else NOTHING
    return Estimate(sum(known, NOTHING) - max(spent, NOTHING), people)


def _lasts(step: Step, took: Mapping[str, timedelta]) -> timedelta | None:
    return step.duration if isinstance(step, Bake) else took.get(step.step)
