"""What the journal knows of the step in hand. Pure."""

from collections.abc import Sequence
from datetime import datetime

from reconciler.model.plan import Plan
from reconciler.model.policy import OnFailure
from reconciler.model.rollout import Rollout, State, StepRecord, StepState


def in_hand(rollout: Rollout) -> StepRecord | None:
    """Return the record of the step at the cursor; None when it was not begun yet."""
    step = rollout.step
    fits = step and (step.plan, step.index, step.state) == (rollout.plan, rollout.cursor, StepState.STARTED)
    return step if fits else None


def left(rollout: Rollout, targets: Sequence[str]) -> tuple[str, ...]:
    """Return those of the targets that have not failed."""
    failed = {failure.target for failure in rollout.failures}
    return tuple(target for target in targets if target not in failed)


def overdue(rollout: Rollout, now: datetime) -> bool:
    """Whether the rollout has gone without progress for too long."""
    return rollout.deadline is not None and now >= rollout.deadline


def later(record: StepRecord, now: datetime) -> bool:
    """Whether the step is to be tried or looked at again, but not yet."""
    return record.again_at is not None and record.again_at > now


def tolerant(rollout: Rollout, plan: Plan) -> bool:
    """Whether a failed target does not keep the others from being changed.

    That is so under ``onFailure: continue``, and for a revert: it brings back as much as it can, then tells.
    """
    return rollout.state is State.REVERTING or plan.policy.on_failure is OnFailure.CONTINUE
