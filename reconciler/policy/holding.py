"""Which state a unit is held to: what Git says, or the last known good one while Git's is rejected.

A first state has no good one before it: then it is what was there before us.
"""

from dataclasses import dataclass, replace

from reconciler.model.policy import OnFailure
from reconciler.model.rollout import State
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.policy.removal import before_us

REVERTING = frozenset({State.REVERT_NEEDED, State.REVERTING, State.REVERT_PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The state a unit is held to.

    ``unit`` is None when Git's is rejected and there is nothing else to hold it to: policy wants it left as it is, or
    the last known good state is the rejected one.
    """

    unit: Unit | None
    rejected: VerdictRecord | None = None


def holding(wanted: Unit, standing: UnitStanding) -> Holding:
    """Return the state to hold the unit to.

    A verdict is about (unit, digest): another app's commit changes nothing here, and neither does a new policy, which
    governs the old state too.
    """
    record = standing.verdicts.get(wanted.digest)
    if record is None or record.verdict is not Verdict.BAD:
        return Holding(unit=wanted)
    good = standing.last_good
    if wanted.policy.on_failure is not OnFailure.REVERT:
        return Holding(unit=None, rejected=record)
    if good is None:
        return Holding(unit=before_us(wanted), rejected=record)
    if good.unit.digest == wanted.digest:
        return Holding(unit=None, rejected=record)
    return Holding(unit=replace(good.unit, policy=wanted.policy), rejected=record)
