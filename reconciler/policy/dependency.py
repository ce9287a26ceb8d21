"""A unit waits until the units it comes after are good, at the state that Git says now."""

from reconciler.model.standing import Standing
from reconciler.model.unit import Desired, Unit
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.policy.proven import proven


def dependency(unit: Unit, desired: Desired, standing: Standing) -> WaitingOn | None:
    """Return the first unit that is not good yet and what is wrong with it; None when all are.

    Good means good at the digest of this commit, not at an earlier one: production never starts because staging was
    healthy with the version before (argo-cd #29410 tells what happens else).
    """
    for each in unit.after:
        needed = desired.units.get(each)
        if needed is None:
            continue
        known = standing.of(each)
        verdict = known.verdicts.get(needed.digest)
        if known.rollout is not None:
            return WaitingOn(Reason.DEPENDENCY, f"{each} is being rolled out")
        if verdict is not None and verdict.verdict is Verdict.BAD:
            return WaitingOn(Reason.DEPENDENCY, f"{each} was rejected: {verdict.reason}")
        if not proven(needed.digest, known):
            return WaitingOn(Reason.DEPENDENCY, f"{each} has not been rolled out at this commit yet")
    return None
