"""A unit that no rollout has in hand: what has to be done, and what stands in the way."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.model.assessment import Assessment
from reconciler.model.change import Cause
from reconciler.model.difference import Differing, UnitDiff
from reconciler.model.plan import Plan
from reconciler.model.policy import OnFailure
from reconciler.model.resource import DriftMode
from reconciler.model.rollout import State
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import VerdictRecord
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.plan.order import Cycle
from reconciler.plan.planner import Material, build
from reconciler.plan.situation import Situation
from reconciler.policy.dependency import dependency
from reconciler.policy.drift import next_try, withheld
from reconciler.policy.holding import Holding, holding
from reconciler.policy.ownership import created_by
from reconciler.policy.proven import proven
from reconciler.policy.prune import Pruning, pruning


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proposal:
    """A plan and what is known of it: the drift that policy leaves alone, the guard that stands in its way."""

    plan: Plan | None
    pruning: Pruning
    drift: DriftMode | None = None


def assess_at_rest(wanted: Unit, situation: Situation) -> Assessment:
    """Return what has to be done to the unit and why it is not being done, if so."""
    known = situation.standing.of(wanted.id)
    held = holding(wanted, known)
    diff = situation.diff(wanted.id)
    base = Assessment(
        unit=wanted.id,
        wanted=wanted,
        effective=held.unit,
        rejected=held.rejected,
        unseen=diff.unseen,
        forgotten=diff.gone,
    )
    if wanted.blocked:
        return replace(base, looked=False, waiting=WaitingOn(Reason.BLOCKED, wanted.blocked))
    if held.unit is None:
        return replace(base, looked=False, waiting=_nothing_to_hold_to(held, wanted))
    if diff.conflicts:
        return replace(base, looked=False, waiting=WaitingOn(Reason.PLAN_REFUSED, "; ".join(diff.conflicts)))
    if diff.unseen and {each.target for each in diff.unseen} >= set(held.unit.targets):
        return replace(base, waiting=_out_of_sight(diff))
    try:
        proposal = _propose(held, held.unit, diff, situation)
    except Cycle as cycle:
        return replace(base, waiting=WaitingOn(Reason.PLAN_REFUSED, str(cycle)))
    drifted = tuple(_place(each) for each in diff.differing if each.change.cause is Cause.DRIFT)
    waiting = next(_barriers(proposal, held, wanted, situation), None)
    return replace(base, plan=proposal.plan, drifted=drifted, waiting=waiting)


def _propose(held: Holding, unit: Unit, diff: UnitDiff, situation: Situation) -> _Proposal:
    known = situation.standing.of(unit.id)
    left_alone = [each for each in diff.differing if withheld(each, unit.policy)]
    differing = [each for each in diff.differing if each not in left_alone]
    taken_back = created_by(held.rejected, situation.desired.units[unit.id], diff.orphans)
    others = [each for each in diff.orphans if each not in taken_back]
    pruned = pruning(unit.policy.prune, others, len(known.owned))
    delete = (*taken_back, *pruned.delete)
    is_proven = proven(unit.digest, known)
    only_drift = not differing and not delete and bool(is_proven or held.rejected)
    if only_drift:
        differing = left_alone
    if not differing and not delete and (is_proven or held.rejected):
        return _Proposal(plan=None, pruning=pruned)
    material = Material(
        unit=unit,
        cause=_cause(held, differing, is_proven=is_proven),
        parent=known.last_good.unit.digest if known.last_good else None,
        differing=_with_cause(differing, held.rejected),
        delete=delete,
        kept=pruned.kept,
        left_out=diff.unseen,
    )
    plan = build(material, situation.survey, situation.desired.hosts, situation.kinds)
    drift = withheld(left_alone[0], unit.policy) if only_drift and left_alone else None
    return _Proposal(plan=plan, drift=drift, pruning=pruned)


def _cause(held: Holding, differing: list[Differing], *, is_proven: bool) -> Cause:
    if held.rejected:
        return Cause.DRIFT if all(each.change.cause is Cause.DRIFT for each in differing) else Cause.REVERT
    return Cause.DRIFT if is_proven else Cause.COMMIT


def _with_cause(differing: list[Differing], rejected: VerdictRecord | None) -> list[Differing]:
    if not rejected:
        return differing
    return [
        replace(each, change=replace(each.change, cause=Cause.REVERT)) if each.change.cause is Cause.COMMIT else each
        for each in differing
    ]


def _barriers(proposal: _Proposal, held: Holding, wanted: Unit, situation: Situation) -> Iterator[WaitingOn]:
    """Yield what stands in the way, the weightiest first: a person's stop, then guards, then patience."""
    known = situation.standing.of(wanted.id)
    paused = known.paused or situation.standing.paused
    if paused:
        yield WaitingOn(Reason.PAUSED, f"paused by {paused.author}: {paused.reason}")
    if proposal.plan is None:
        if held.rejected:
            yield _holding(held, known, wanted)
        return
    if known.accepted is None or known.accepted.plan != proposal.plan.id:
        yield from _yielding_to_a_person(proposal, proposal.plan, known, situation.now)
    if proposal.plan.cause is Cause.COMMIT and (before := dependency(wanted, situation.desired, situation.standing)):
        yield before


def _yielding_to_a_person(proposal: _Proposal, plan: Plan, known: UnitStanding, now: datetime) -> Iterator[WaitingOn]:
    """Yield what waits only for somebody to look at the plan; that a person applies just this plan is the answer."""
    by_hand = f"reconciler plan --unit {known.unit} --out FILE, reconciler apply FILE"
    if guard := proposal.pruning.guard:
        yield replace(guard, detail=f"{guard.detail}, or review it and apply it by hand: {by_hand}")
    if proposal.drift is DriftMode.REPORT:
        yield WaitingOn(Reason.DRIFT_REPORTED, f"drift is only reported (drift: report); to mend it: {by_hand}")
    if proposal.drift is DriftMode.HOLD:
        yield WaitingOn(Reason.DRIFT_HELD, f"drift waits for a person (drift: hold); to mend it: {by_hand}")
    if again := _too_soon(plan, known, now):
        yield again


def _too_soon(plan: Plan, known: UnitStanding, now: datetime) -> WaitingOn | None:
    again, last = next_try(known), known.last
    if plan.cause is Cause.COMMIT or again is None or again <= now:
        return None
    reason = last.reason if last else ""
    if plan.cause is Cause.REVERT:
        return WaitingOn(Reason.REVERT_FAILED, f"the revert failed: {reason}", again)
    return WaitingOn(Reason.BACKOFF, f"the last attempt failed: {reason}", again)


def _holding(held: Holding, known: UnitStanding, wanted: Unit) -> WaitingOn:
    rejected = held.rejected
    if rejected is None or held.unit is None:
        raise AssertionError("internal error: only a rejected unit is held")
    if known.last and known.last.state is State.REVERT_FAILED:
        return WaitingOn(Reason.REVERT_FAILED, f"the revert failed: {known.last.reason}")
    return WaitingOn(
        Reason.REJECTED,
        f"holding at {held.unit.commit[:7]}, Git says {wanted.commit[:7]} (rejected: {rejected.reason})",
    )


def _nothing_to_hold_to(held: Holding, wanted: Unit) -> WaitingOn:
    reason = held.rejected.reason if held.rejected else ""
    if wanted.policy.on_failure is OnFailure.REVERT:
        return WaitingOn(Reason.NOTHING_TO_REVERT_TO, f"rejected: {reason}; no last known good state to go back to")
    held_by = f"onFailure: {wanted.policy.on_failure}"
    return WaitingOn(Reason.REJECTED, f"rejected: {reason}; left as it is for a person to look at ({held_by})")


def _out_of_sight(diff: UnitDiff) -> WaitingOn:
    first = diff.unseen[0]
    more = f" (and {len(diff.unseen) - 1} more targets)" if len(diff.unseen) > 1 else ""
    return WaitingOn(Reason.UNREACHABLE, f"cannot see {first.target}: {first.reason}{more}")


def _place(each: Differing) -> str:
    return f"{each.resource.id.target}/{each.resource.id.ref}"
