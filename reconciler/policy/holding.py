"""Which state a unit is held to: where a person holds it, Git's, or the last known good one while Git's is rejected.

A first state has no good one before it: then it is what was there before us.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.model.difference import Orphan
from reconciler.model.event import Pinned
from reconciler.model.policy import OnFailure
from reconciler.model.rollout import State
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.policy.ownership import brought_by
from reconciler.policy.removal import before_us

REVERTING = frozenset({State.REVERT_NEEDED, State.REVERTING, State.REVERT_PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The state a unit is held to.

    ``unit`` is None when there is nothing to hold it to: Git's state is rejected and policy wants it left as it is, or
    the last known good state is the rejected one, or where a person holds it is not stored any more. ``pinned`` is
    the person's word. ``undone`` are the states that are gone back from, Git's and the last good one; mostly none.
    """

    unit: Unit | None
    rejected: VerdictRecord | None = None
    pinned: Pinned | None = None
    undone: tuple[Unit, ...] = ()

    @property
    def goes_back(self) -> bool:
        """Whether it is a state from before."""
        return bool(self.undone)

    @property
    def settled(self) -> bool:
        """Whether the state has to prove nothing: it was good once, and a verdict or a person leads there."""
        return self.goes_back or self.pinned is not None

    def brought(self, orphans: Sequence[Orphan]) -> tuple[Orphan, ...]:
        """Return the orphans that go with what is undone, whatever prune says."""
        return brought_by(self.undone, orphans)


def holding(wanted: Unit, standing: UnitStanding) -> Holding:
    """Return the state to hold the unit to. A person's hold wins over Git and over every verdict.

    A verdict is about (unit, digest): another app's commit changes nothing here, and neither does a new policy, which
    governs the old state too.
    """
    if standing.pinned:
        return _pinned(standing.pinned, wanted, standing)
    record = standing.verdicts.get(wanted.digest)
    if record is None or record.verdict is not Verdict.BAD:
        return Holding(unit=wanted)
    good = standing.last_good
    if wanted.policy.on_failure is not OnFailure.REVERT and not _asked_back(standing):
        return Holding(unit=None, rejected=record, undone=(wanted,))
    if good is None:
        return Holding(unit=before_us(wanted), rejected=record, undone=(wanted,))
    if good.unit.digest == wanted.digest:
        return Holding(unit=None, rejected=record, undone=(wanted,))
    return Holding(
        unit=replace(good.unit, policy=wanted.policy, traffic=wanted.traffic), rejected=record, undone=(wanted,)
    )


def _pinned(pinned: Pinned, wanted: Unit, standing: UnitStanding) -> Holding:
    good = (standing.last_good.unit,) if standing.last_good else ()
    undone = tuple(each for each in (wanted, *good) if each.digest != pinned.digest)
    if pinned.digest == wanted.digest:
        return Holding(unit=wanted, pinned=pinned, undone=undone)
    if standing.pinned_at is None:
        return Holding(unit=None, pinned=pinned, undone=undone)
    return Holding(
        unit=replace(standing.pinned_at.unit, policy=wanted.policy, traffic=wanted.traffic),
        pinned=pinned,
        undone=undone,
    )


def _asked_back(standing: UnitStanding) -> bool:
    """Whether a person wants the rollout taken back, though policy would leave it as it is."""
    return standing.abort is not None and not standing.abort.leave
