"""A whole pass decided: one assessment a unit, in the order the units would go."""

from collections.abc import Iterator

from reconciler.model.assessment import Assessment, Review
from reconciler.model.identity import UnitId
from reconciler.model.unit import Desired
from reconciler.plan.at_rest import assess_at_rest
from reconciler.plan.in_hand import assess_in_hand
from reconciler.plan.removed import assess_removed
from reconciler.plan.situation import Situation


def review(situation: Situation) -> Review:
    """Return what the pass concluded: first the units in Git, dependencies first, then those no longer there."""
    desired, standing = situation.desired, situation.standing
    in_git = tuple(_assess(unit, situation) for unit in waves(desired))
    removed = tuple(
        assess_removed(standing.units[unit], situation)
        for unit in sorted(standing.units)
        if unit not in desired.units and (standing.units[unit].owned or standing.units[unit].rollout)
    )
    return Review(commit=desired.commit, assessments=in_git + removed)


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
