"""A unit that no rollout has in hand: what has to be done, and what stands in the way."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from reconciler.model.assessment import Assessment
from reconciler.model.canonical import Digest
from reconciler.model.change import Cause
from reconciler.model.difference import Differing, UnitDiff
from reconciler.model.event import Pinned
from reconciler.model.plan import Plan
from reconciler.model.policy import OnFailure
from reconciler.model.resource import DriftMode
from reconciler.model.rollout import State
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.plan.budget import used_up
from reconciler.plan.conflicts import in_the_way, without_conflicts
from reconciler.plan.cooling import without_cooling
from reconciler.plan.governed import Governed, governed
from reconciler.plan.needed import out_of_sight
from reconciler.plan.order import Cycle
from reconciler.plan.pause import waits
from reconciler.plan.proposal import Proposal, propose
from reconciler.plan.rerouting import rerouted, strayed, unseen
from reconciler.plan.situation import Situation
from reconciler.policy.dependency import dependency, earlier_ring
from reconciler.policy.drift import next_try
from reconciler.policy.holding import Holding, holding
from reconciler.policy.proven import proven
from reconciler.policy.removal import GONE


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
        if plan := _requests_alone(held, wanted, situation):
            drifted = tuple(map(str, strayed(wanted, situation)))
            return _governed(replace(base, looked=False, plan=plan, drifted=drifted), plan, situation)
        return replace(base, looked=False, waiting=_nothing_to_hold_to(held, wanted))
    if diff.unseen and {each.target for each in diff.unseen} >= set(held.unit.targets):
        return replace(base, waiting=_out_of_sight(diff))
    if diff.conflicts and not _goes_on_without(diff, held, known):
        return replace(base, looked=False, waiting=_refused(diff))
    return _planned(base, held, diff, situation)


def _governed(base: Assessment, plan: Plan, situation: Situation) -> Assessment:
    found = governed(plan, situation)
    return replace(base, gates=found.gates, notices=found.notices, waiting=found.waiting)


def _planned(base: Assessment, held: Holding, diff: UnitDiff, situation: Situation) -> Assessment:
    if held.unit is None or base.wanted is None:
        raise AssertionError("internal error: only a unit in Git that is held to something is planned")
    known = situation.standing.of(base.unit)
    touched = without_cooling(without_conflicts(diff), held.unit, known, situation.now)
    try:
        proposal = propose(held, held.unit, touched, situation)
    except Cycle as cycle:
        return replace(base, waiting=WaitingOn(Reason.PLAN_REFUSED, str(cycle)))
    drifted = tuple(_place(each) for each in diff.differing if each.change.cause is Cause.DRIFT)
    drifted = (*drifted, *map(str, strayed(held.unit, situation)))
    gates = governed(proposal.plan, situation) if proposal.plan else Governed()
    barrier = next(_barriers(proposal, held, base.wanted, situation), None)
    waiting = barrier or gates.waiting
    cooling = tuple(each for each in touched.unseen if each not in (*diff.unseen, *diff.conflicts))
    base = replace(base, unseen=(*base.unseen, *cooling, *unseen(held.unit, situation)))
    if diff.conflicts and proposal.plan is None:
        return replace(base, looked=False, drifted=drifted, waiting=_refused(diff))
    base = replace(base, gates=gates.gates, notices=() if barrier else gates.notices)
    return replace(base, plan=proposal.plan, drifted=drifted, waiting=waiting)


def _requests_alone(held: Holding, wanted: Unit, situation: Situation) -> Plan | None:
    """What was left as it is gets its requests as it was left with; nothing else of it is touched."""
    known = situation.standing.of(wanted.id)
    stopped = known.paused or situation.standing.paused or held.pinned or wanted.policy.drift is not DriftMode.HEAL
    again = next_try(known)
    if stopped or (again and again > situation.now):
        return None
    return rerouted(wanted, situation)


def _goes_on_without(diff: UnitDiff, held: Holding, known: UnitStanding) -> bool:
    """A new state is planned whole or not; what is only kept up goes on where nothing is in the way."""
    unit = held.unit
    settled = unit is not None and (held.settled or proven(unit.digest, known))
    return unit is not None and settled and not {each.target for each in diff.conflicts} >= set(unit.targets)


def _refused(diff: UnitDiff) -> WaitingOn:
    return WaitingOn(Reason.PLAN_REFUSED, in_the_way(diff))


def _barriers(proposal: Proposal, held: Holding, wanted: Unit, situation: Situation) -> Iterator[WaitingOn]:
    """Yield what stands in the way, the weightiest first: a person's stop, then guards, then patience."""
    known = situation.standing.of(wanted.id)
    paused = known.paused or situation.standing.paused
    if paused:
        yield waits(paused)
    if proposal.plan is None:
        if held.settled:
            yield _holding(held, known, wanted)
        return
    if known.accepted is None or known.accepted.plan != proposal.plan.id:
        yield from _left_as_it_is(proposal.plan, held.rejected.digest if held.rejected else None, known)
        if no_room := used_up(proposal.plan, known):
            yield no_room
        if missing := out_of_sight(proposal.plan):
            yield missing
        yield from _yielding_to_a_person(proposal.asks, proposal.plan, known, situation.now)
    if proposal.plan.cause is Cause.COMMIT:
        yield from _waits_for_others(wanted, situation)
    if away := unseen(proposal.plan.unit, situation):
        yield WaitingOn(Reason.TRAFFIC, f"cannot ask the load balancers: {away[0].reason}")


def _waits_for_others(wanted: Unit, situation: Situation) -> Iterator[WaitingOn]:
    if before := dependency(wanted, situation.desired, situation.standing):
        yield before
    if ring := earlier_ring(wanted, situation.desired, situation.standing, situation.now):
        yield ring


def _yielding_to_a_person(
    asks: tuple[WaitingOn, ...], plan: Plan, known: UnitStanding, now: datetime
) -> Iterator[WaitingOn]:
    """Yield what waits only for somebody to look at the plan; that a person applies just this plan is the answer."""
    by_hand = f"reconciler plan --unit {known.unit} --out FILE, reconciler apply FILE"
    for each in asks:
        yield replace(each, detail=f"{each.detail}; {_ANSWERS[each.reason]}: {by_hand}")
    if again := _too_soon(plan, known, now):
        yield again


_ANSWERS = {
    Reason.PRUNE_GUARD: "or review it and apply it by hand",
    Reason.PRUNE_CONFIRM: "to confirm it",
    Reason.FIGHT: "find out who it is, or heal it now",
    Reason.DRIFT_REPORTED: "to mend it",
    Reason.DRIFT_HELD: "to mend it",
}


def _too_soon(plan: Plan, known: UnitStanding, now: datetime) -> WaitingOn | None:
    again, last = next_try(known), known.last
    if plan.cause is Cause.COMMIT or again is None or again <= now:
        return None
    reason = last.reason if last else ""
    if plan.cause is Cause.REVERT:
        return WaitingOn(Reason.REVERT_FAILED, f"the revert failed: {reason}", again)
    return WaitingOn(Reason.BACKOFF, f"the last attempt failed: {reason}", again)


def _left_as_it_is(plan: Plan, rejected: Digest | None, known: UnitStanding) -> Iterator[WaitingOn]:
    """What a person ended half-way, on its way there or back, stays so until they say, or Git says something else."""
    last = known.last
    if last is None or last.state is not State.ABORTED:
        return
    begun = last.step is not None or last.plan != last.forward
    taken_back = plan.cause is Cause.REVERT and begun and last.digest == rejected
    if last.digest == plan.unit.digest or taken_back:
        retry = f"reconciler retry {known.unit} --reason TEXT"
        yield WaitingOn(Reason.HELD, f"{last.reason}; left as it is until a new commit, or {retry}")


def _holding(held: Holding, known: UnitStanding, wanted: Unit) -> WaitingOn:
    if held.pinned:
        git_says = "Git says the same" if held.pinned.digest == wanted.digest else f"Git says {wanted.named}"
        return _held(held.pinned, git_says)
    rejected = held.rejected
    if rejected is None or held.unit is None:
        raise AssertionError("internal error: only a rejected unit is held")
    if known.last and known.last.state is State.REVERT_FAILED:
        return WaitingOn(Reason.REVERT_FAILED, f"the revert failed: {known.last.reason}")
    if held.unit.digest == GONE:
        return WaitingOn(
            Reason.NOTHING_TO_REVERT_TO,
            f"rejected: {rejected.reason}; no last known good state to go back to; nothing that it brought is left",
        )
    return WaitingOn(
        Reason.REJECTED,
        f"holding at {held.unit.commit[:7]}, Git says {wanted.commit[:7]} (rejected: {rejected.reason})",
    )


def _held(pinned: Pinned, git_says: str) -> WaitingOn:
    return WaitingOn(Reason.HELD, f"held at {pinned.named} by {pinned.author}: {pinned.reason}; {git_says}")


def _nothing_to_hold_to(held: Holding, wanted: Unit) -> WaitingOn:
    if held.pinned:
        lost = f"held at {held.pinned.named} by {held.pinned.author}, and that state is not stored any more"
        return WaitingOn(Reason.HELD, f"{lost}; to follow Git: reconciler release {wanted.id}")
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
