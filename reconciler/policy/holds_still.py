"""Whether what a plan was judged by is still said when it is to begin. Pure."""

from functools import reduce

from reconciler.model.identity import UnitId
from reconciler.model.standing import Standing
from reconciler.model.word import Locked, Word
from reconciler.policy.in_force import in_force


def holds_still(unit: UnitId, judged: Standing, now: Standing, told: tuple[Word, ...]) -> bool:
    """Return whether all that people and their policies decide about the unit is as it was when it was judged.

    ``told`` are words about it that were written down since because of that judgement.
    """
    before, after = judged.of(unit), now.of(unit)
    return (
        judged.paused == now.paused
        and _locks(judged) == _locks(now)
        and (before.rollout is None) == (after.rollout is None)
        and before.paused == after.paused
        and before.pinned == after.pinned
        and before.accepted == after.accepted
        and before.verdicts == after.verdicts
        and reduce(in_force, told, before.words) == after.words
    )


def _locks(standing: Standing) -> tuple[Locked, ...]:
    return tuple(each for each in standing.words if isinstance(each, Locked))
