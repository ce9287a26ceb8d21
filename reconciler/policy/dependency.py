"""A unit waits until the units it comes after are good, at the state that Git says now."""

from datetime import datetime

from reconciler.model.duration import format_duration
from reconciler.model.identity import UnitId
from reconciler.model.policy import Progressive, Ring
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


def earlier_ring(unit: Unit, desired: Desired, standing: Standing, now: datetime) -> WaitingOn | None:
    """Return the first ring of another environment in which the same app is not good yet, or not for long enough.

    Good is meant as for other dependencies: at the digest of this commit.
    """
    strategy = unit.policy.strategy
    rings = strategy.rings if isinstance(strategy, Progressive) else ()
    found = (_ring(unit, ring, desired, standing, now) for ring in rings if ring.environment)
    return next((each for each in found if each), None)


def _ring(unit: Unit, ring: Ring, desired: Desired, standing: Standing, now: datetime) -> WaitingOn | None:
    other = UnitId(unit.id.app, ring.environment or "")
    needed = desired.units.get(other)
    if needed is None or other == unit.id:
        return None
    known = standing.of(other)
    verdict, good = known.verdicts.get(needed.digest), known.last_good
    if known.rollout is not None:
        return WaitingOn(Reason.DEPENDENCY, f"{other} is being rolled out, and is a ring before this one")
    if verdict is None or good is None or not proven(needed.digest, known):
        why = f"was rejected: {verdict.reason}" if verdict and verdict.verdict is Verdict.BAD else "is not good yet"
        return WaitingOn(Reason.DEPENDENCY, f"{other} is a ring before this one and {why} at this commit")
    over = max(good.at, verdict.at) + ring.bake
    if over > now:
        long = format_duration(ring.bake)
        return WaitingOn(Reason.DEPENDENCY, f"{other} is a ring before this one and has to be good for {long}", over)
    return None
