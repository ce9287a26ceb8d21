"""A whole pass decided: one assessment a unit, in the order the units would go."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.model.assessment import Assessment, Review
from reconciler.model.identity import UnitId
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Desired
from reconciler.model.waiting import Reason
from reconciler.plan.at_rest import assess_at_rest
from reconciler.plan.in_hand import assess_in_hand
from reconciler.plan.removed import assess_removed
from reconciler.plan.situation import Situation

_FOUND_LATER = frozenset({Reason.BLOCKED, Reason.UNVERIFIED})
"""What is only known when a plan is about to begin: an archive that cannot be had, or is not signed."""


def review(situation: Situation) -> Review:
    """Return what the pass concluded: first the units in Git, dependencies first, then those no longer there."""
    desired, standing = situation.desired, situation.standing
    in_git = _in_turn(waves(desired), situation)
    removed = tuple(
        assess_removed(standing.units[unit], situation)
        for unit in sorted(standing.units)
        if unit not in desired.units and (standing.units[unit].owned or standing.units[unit].rollout)
    )
    return Review(commit=desired.commit, assessments=in_git + removed)


def _in_turn(units: Sequence[UnitId], situation: Situation) -> tuple[Assessment, ...]:
    """Assess them one after the other: where only so many may begin at once, those before have taken their places.

    What could not begin last time for want of something takes no place from those that can: it comes last.
    """
    found: dict[UnitId, Assessment] = {}
    for unit in sorted(units, key=lambda each: _wants(situation.standing.of(each))):
        found[unit] = _assess(unit, situation)
        if found[unit].plan and not found[unit].waiting:
            situation = replace(situation, begun=situation.begun | {unit})
    return tuple(found[unit] for unit in units)


def _wants(known: UnitStanding) -> bool:
    waiting = known.assessed.waiting if known.assessed else None
    return waiting is not None and waiting.reason in _FOUND_LATER


def waves(desired: Desired) -> tuple[UnitId, ...]:
    """Return the units with every unit behind those it comes after, otherwise by name."""

    def visit(unit: UnitId) -> Iterator[UnitId]:
        if unit in placed or unit not in desired.units:
            return
        placed.add(unit)
        for before in sorted(desired.units[unit].after):
            yield from visit(before)
        yield unit

    placed: set[UnitId] = set()
    return tuple(each for unit in sorted(desired.units) for each in visit(unit))


def _assess(unit: UnitId, situation: Situation) -> Assessment:
    wanted, known = situation.desired.units[unit], situation.standing.of(unit)
    if known.rollout is not None:
        return assess_in_hand(wanted, known.rollout, situation)
    return assess_at_rest(wanted, situation)
