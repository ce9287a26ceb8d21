"""What would be done about a unit at rest, and what of it waits for time or for a person. Pure.

What goes on by itself comes first. Only when nothing of that is left, the rest becomes the plan: to be looked at, and
to be applied by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.model.change import Cause
from reconciler.model.difference import Differing, Orphan, UnitDiff
from reconciler.model.identity import ResourceId
from reconciler.model.plan import Plan
from reconciler.model.policy import OnMany
from reconciler.model.resource import DriftMode
from reconciler.model.rollout import State
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.plan.planner import Material, build
from reconciler.plan.rerouting import rerouted
from reconciler.plan.situation import Situation
from reconciler.policy.drift import alike, in_words, next_heal, spread, withheld
from reconciler.policy.holding import Holding
from reconciler.policy.proven import proven
from reconciler.policy.prune import Pruning, pruning, waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan, and what it waits for unless a person accepts just this plan."""

    plan: Plan | None
    asks: tuple[WaitingOn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """Differences by what is done about them, and what the others wait for."""

    mend: tuple[Differing, ...]
    leave: tuple[Differing, ...] = ()
    asks: tuple[WaitingOn, ...] = ()


def propose(held: Holding, unit: Unit, diff: UnitDiff, situation: Situation) -> Proposal:
    """Return what to do to bring the unit to the state it is held to. Raises plan.order.Cycle."""
    known = situation.standing.of(unit.id)
    settled = proven(unit.digest, known) or held.settled
    found = _sorted(unit, diff, known, situation.now) if settled else _all_but_left_alone(unit, diff)
    taken_back = held.brought(diff.orphans)
    others = [each for each in diff.orphans if each not in taken_back]
    pruned = pruning(unit.policy.prune, others, len(known.owned))
    mend, delete = found.mend, (*taken_back, *pruned.delete)
    asks = (pruned.guard,) if pruned.guard else ()
    if settled and not mend and not delete:
        mend, delete = found.leave, pruned.confirm
        asks = (*((waits(delete),) if delete else ()), *found.asks)
        if not mend and not delete:
            return _rerouted(unit, situation)
    goes_back = held.goes_back or (settled and _half_way(unit, known))
    material = Material(
        unit=unit,
        cause=_cause(mend, taken_back, is_settled=settled, goes_back=goes_back),
        parent=known.last_good.unit.digest if known.last_good else None,
        differing=_with_cause(mend) if goes_back else mend,
        delete=delete,
        kept=(*_kept(pruned, delete), *diff.idle),
        left_out=diff.unseen,
        known=known,
    )
    return Proposal(plan=build(material, situation.survey, situation.desired.targets, situation.kinds), asks=asks)


def _rerouted(unit: Unit, situation: Situation) -> Proposal:
    """Requests that are sent otherwise than they shall be are drift like any other."""
    plan, mode = rerouted(unit, situation), unit.policy.drift
    return Proposal(plan=plan, asks=(_by_mode(mode),) if plan and mode is not DriftMode.HEAL else ())


def _all_but_left_alone(unit: Unit, diff: UnitDiff) -> _Sorted:
    """A new state is established whole; only drift that a person wants left alone stays."""
    return _Sorted(mend=tuple(each for each in diff.differing if not withheld(each, unit.policy)))


def _sorted(unit: Unit, diff: UnitDiff, known: UnitStanding, now: datetime) -> _Sorted:
    modes = {each.resource.id: withheld(each, unit.policy) for each in diff.differing}
    free = [each for each in diff.differing if modes[each.resource.id] is None]
    fought = {each.resource.id: again for each in free if (again := _again(each, known, now))}
    mend = [each for each in free if each.resource.id not in fought]
    asks = [_by_mode(mode) for mode in dict.fromkeys(modes.values()) if mode]
    common = alike(diff.differing, spread(unit.resources))
    if common and unit.policy.healing.on_many is OnMany.HOLD:
        asks.insert(0, WaitingOn(Reason.DRIFT_HELD, f"{common}; a person decides (drift.onMany: hold)"))
        mend = [each for each in mend if each.change.cause is not Cause.DRIFT]
    if fought:
        asks.append(_fight(fought, known))
    left = tuple(each for each in diff.differing if each not in mend)
    return _Sorted(mend=tuple(mend), leave=left, asks=tuple(asks))


def _again(each: Differing, known: UnitStanding, now: datetime) -> datetime | None:
    return next_heal(known.heals.get(each.resource.id), now) if each.change.cause is Cause.DRIFT else None


def _by_mode(mode: DriftMode) -> WaitingOn:
    if mode is DriftMode.REPORT:
        return WaitingOn(Reason.DRIFT_REPORTED, "drift is only reported (drift: report)")
    return WaitingOn(Reason.DRIFT_HELD, "drift waits for a person (drift: hold)")


def _fight(fought: dict[ResourceId, datetime], known: UnitStanding) -> WaitingOn:
    soonest = min(fought, key=lambda each: (fought[each], each))
    more = f" (and {len(fought) - 1} more)" if len(fought) > 1 else ""
    return WaitingOn(Reason.FIGHT, in_words(soonest, known.heals[soonest]) + more, fought[soonest])


def _half_way(unit: Unit, known: UnitStanding) -> bool:
    """Whether the newest rollout was to another state and never got there: what it left behind is gone back from."""
    last = known.last
    return last is not None and last.digest != unit.digest and last.state in _UNFINISHED


_UNFINISHED = frozenset({State.SUPERSEDED, State.ABORTED, State.HELD, State.REVERT_FAILED})


def _cause(mend: Sequence[Differing], taken_back: Sequence[Orphan], *, is_settled: bool, goes_back: bool) -> Cause:
    if goes_back:
        drift_only = not taken_back and all(each.change.cause is Cause.DRIFT for each in mend)
        return Cause.DRIFT if drift_only else Cause.REVERT
    return Cause.DRIFT if is_settled else Cause.COMMIT


def _with_cause(differing: Sequence[Differing]) -> Sequence[Differing]:
    return [
        replace(each, change=replace(each.change, cause=Cause.REVERT)) if each.change.cause is Cause.COMMIT else each
        for each in differing
    ]


def _kept(pruned: Pruning, delete: Sequence[Orphan]) -> tuple[str, ...]:
    asked = (each for each in pruned.confirm if each not in delete)
    return (*pruned.kept, *(f"{each.owned.resource.id}: a person has to confirm that it goes" for each in asked))
