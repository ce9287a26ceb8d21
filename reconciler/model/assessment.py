"""What a pass concluded about one unit: the input of execution, of ``plan``, of ``status`` and of ``explain``."""

from dataclasses import dataclass

from reconciler.model.governance import GateState
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.plan import Apply, LeftOut, Plan, Shift
from reconciler.model.rollout import Decision, Trigger
from reconciler.model.unit import Unit
from reconciler.model.verdict import VerdictRecord
from reconciler.model.waiting import WaitingOn
from reconciler.model.word import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What the unit's rollout has to be told: superseded, paused or resumed by a person, nothing to revert to.

    ``decision`` comes with DECIDE, and only then.
    """

    rollout: str
    trigger: Trigger
    reason: str
    decision: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One unit, looked at once.

    ``wanted`` is what Git says, None when the unit is no longer in Git; ``effective`` is what it is held to: the same,
    or the last known good one while ``rejected`` tells why Git's is not. ``plan`` is what has to be done (None:
    nothing); when ``waiting`` is set too, it is what would be done if nothing stood in the way. ``drifted`` are refs
    with their target (``web-1/file:/etc/x``) that differ though no commit asked; ``unseen`` are targets that could not
    be looked at; ``forgotten`` are resources of ours that nobody asks for any more and that are gone already.
    ``looked`` is False when nothing was compared: a rollout has the unit in hand, or an input is missing.
    ``gates`` are those before the plan, open or not; ``notices`` are what has to be told once from now on.
    """

    unit: UnitId
    wanted: Unit | None
    effective: Unit | None
    plan: Plan | None = None
    waiting: WaitingOn | None = None
    signal: Signal | None = None
    rejected: VerdictRecord | None = None
    drifted: tuple[str, ...] = ()
    unseen: tuple[LeftOut, ...] = ()
    forgotten: tuple[ResourceId, ...] = ()
    looked: bool = True
    gates: tuple[GateState, ...] = ()
    notices: tuple[Word, ...] = ()

    @property
    def in_sync(self) -> bool | None:
        """Whether the unit is as it is held to be; None when that could not be seen, or is in the making."""
        if self.plan and any(isinstance(step, Apply | Shift) for step in self.plan.steps):
            return False
        return None if self.unseen or not self.looked else True


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A whole pass, unit by unit in the order they would go, for a person to review.

    ``refused`` says why a newer commit did not load, one problem a line; then ``commit`` is the last that did.
    ``interrupted`` are targets where a change was cut off: it has to be taken back before anything is planned there.
    """

    commit: str
    assessments: tuple[Assessment, ...]
    refused: tuple[str, ...] = ()
    interrupted: tuple[str, ...] = ()
