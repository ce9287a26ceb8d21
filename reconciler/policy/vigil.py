"""What follows when a unit at rest gets unhealthy: a verdict on its state, or nothing. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.model.duration import format_duration
from reconciler.model.event import VerdictGiven
from reconciler.model.policy import OnUnhealthy
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.policy.removal import GONE

_NAMED = 3


def to_come(unit: Unit, known: UnitStanding) -> bool:
    """Whether the unit's state waits to be rolled out: nothing of it is there yet that could do badly."""
    assessed, found = known.assessed, known.verdicts.get(unit.digest)
    if assessed is None or assessed.digest != unit.digest or assessed.waiting is None or assessed.in_sync:
        return False
    return found is None or found.verdict is not Verdict.GOOD


def rejected(unit: Unit, standing: Standing, unhealthy: Mapping[str, str], now: datetime) -> VerdictGiven | None:
    """Return that the unit's state is bad after all, so that the next pass takes it back; None when it stays.

    ``unhealthy`` are the targets that do not do well, each with what a check saw. More of them than the failure budget
    allows have to do badly. The state has to be the newest that a rollout has tried and found good, no longer ago than
    policy says, and no person may hold or pause it. And there has to be a good state before it: an app that does badly
    is worth more than none.
    """
    known, vigil = standing.of(unit.id), unit.policy.vigil
    found = known.verdicts.get(unit.digest)
    if vigil.on_unhealthy is not OnUnhealthy.REVERT or len(unhealthy) <= unit.policy.failure_budget.total:
        return None
    if known.rollout or known.pinned or known.paused or standing.paused:
        return None
    if found is None or found.verdict is not Verdict.GOOD or now - found.at > vigil.revert_within:
        return None
    others = [each for each in known.verdicts.values() if each.digest != unit.digest]
    if any(each.verdict is Verdict.BAD and each.at >= found.at for each in others) or not _leads_back(others):
        return None
    since = format_duration(timedelta(seconds=int((now - found.at).total_seconds())))
    return VerdictGiven(
        unit=unit.id,
        digest=unit.digest,
        verdict=Verdict.BAD,
        reason=f"unhealthy {since} after its rollout on {_listed(unhealthy)}",
        commit=found.commit,
    )


def _leads_back(others: Sequence[VerdictRecord]) -> bool:
    good = (each for each in others if each.verdict is Verdict.GOOD)
    newest = max(good, key=lambda each: each.at, default=None)
    return newest is not None and newest.digest != GONE


def _listed(unhealthy: Mapping[str, str]) -> str:
    told = [f"{target} ({unhealthy[target]})" for target in sorted(unhealthy)[:_NAMED]]
    more = len(unhealthy) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")
