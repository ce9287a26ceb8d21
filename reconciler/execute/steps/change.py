"""Apply and Stop: transactions on targets. Pure."""

from datetime import datetime

from reconciler.execute.moves import Changing, End, Move, Perform, Recover, Sleep
from reconciler.execute.steps.record import later, left
from reconciler.model.rollout import Rollout, StepRecord
from reconciler.model.waiting import Reason, WaitingOn


def begin(rollout: Rollout, step: Changing) -> Perform:
    """Return that the targets that have not failed are to be changed."""
    names = left(rollout, [target.target for target in step.targets])
    return Perform(step, tuple(target for target in step.targets if target.target in names))


def go_on(rollout: Rollout, step: Changing, record: StepRecord, now: datetime) -> Move:
    """Return what is next: nothing is done twice, and what nobody knows is looked at first."""
    unknown = tuple(one for one in begin(rollout, step).targets if one.target not in record.targets_done)
    if not unknown:
        return End(step)
    if later(record, now) and record.again_at:
        # Set when a target could not be seen: how it is there stays unknown until it can be.
        names = ", ".join(one.target for one in unknown)
        detail = f"how the change ended is not known on {names}" + (f": {record.note}" if record.note else "")
        return Sleep(record.again_at, WaitingOn(Reason.UNREACHABLE, detail, record.again_at))
    return Recover(step, unknown)
