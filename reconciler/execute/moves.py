"""The moves of a rollout: each is the one thing to do next, as a value."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from reconciler.model.analysis import Analysis
from reconciler.model.health import CheckProgress
from reconciler.model.plan import Apply, Confirm, Drain, Mirror, Probe, Shift, Step, Stop, TargetChanges
from reconciler.model.rollout import TargetFailure
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.model.traffic import Share
from reconciler.model.waiting import WaitingOn

Changing: TypeAlias = Apply | Stop
Directing: TypeAlias = Drain | Shift | Mirror
Begun: TypeAlias = Probe | Confirm | Directing | Bake | Analyse | AwaitPromotion | AwaitApproval | CallHook


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing until somebody else acts: it has ended, is paused, or waits for the plan of its revert."""


@dataclass(frozen=True, slots=True)
class Start:
    """Leave pending."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Write down the intent, then change these targets, side by side."""

    step: Changing
    targets: tuple[TargetChanges, ...]


@dataclass(frozen=True, slots=True)
class Recover:
    """The step was begun and nobody knows how it went on these targets: look at them again, then decide."""

    step: Changing
    targets: tuple[TargetChanges, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """Write down the intent of a step that asks, directs or waits; its targets are those that have not failed."""

    step: Begun
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the checks that are due, once each."""

    step: Probe
    due: tuple[CheckProgress, ...]


@dataclass(frozen=True, slots=True)
class Inspect:
    """Look whether these targets are still as the plan wants them."""

    step: Confirm
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Direct:
    """Tell every load balancer, then look what they say. ``shares`` are all that the step is about."""

    step: Directing
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """The load balancers were told: look whether it has come about."""

    step: Drain | Shift
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """Ask for the figures of the step's analyses that are due, once each."""

    due: tuple[Analysis, ...]


@dataclass(frozen=True, slots=True)
class MeasureBeside:
    """Ask for the figures that are due of the analyses that go on during the whole rollout, once each."""

    due: tuple[Analysis, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """Ask somebody else's program; the same call whenever it is made again."""

    step: CallHook


@dataclass(frozen=True, slots=True)
class Sleep:
    """There is nothing to do before that time; ``waiting`` says what for."""

    until: datetime
    waiting: WaitingOn


@dataclass(frozen=True, slots=True)
class GiveUp:
    """These targets have failed in the step in hand; the others go on."""

    failures: tuple[TargetFailure, ...]


@dataclass(frozen=True, slots=True)
class PassOver:
    """The step in hand of a revert has failed: it goes on without it, and tells at its end."""

    step: Step
    failure: TargetFailure


@dataclass(frozen=True, slots=True)
class End:
    """The step in hand has succeeded; the next one follows."""

    step: Step


@dataclass(frozen=True, slots=True)
class Finish:
    """Every step has succeeded."""


@dataclass(frozen=True, slots=True)
class Fail:
    """It cannot succeed any more."""

    reason: str


Decided: TypeAlias = Start | Begin | GiveUp | PassOver | End | Finish | Fail
"""Moves that do nothing but write down what was decided."""

Move: TypeAlias = (
    Rest | Sleep | Perform | Recover | Ask | Inspect | Direct | Watch | Measure | MeasureBeside | Call | Decided
)
