"""All about one rollout, in words already where others have words for it: what its report is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.analysis import Outcome
from reconciler.model.change import Action
from reconciler.model.chronicle import Written
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, StepState


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """A change that is the same on these targets; ``lines`` say field by field what differs."""

    action: Action
    resource: str
    targets: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTold:
    """A step of a plan, of the one that took it back where ``back`` is true.

    ``state`` is None where it was never begun. ``sort`` is ``apply``, ``probe`` and so on.
    """

    plan: str
    back: bool
    index: int
    sort: str
    what: str
    state: StepState | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement and what it was judged by, in words."""

    at: datetime
    analysis: str
    value: str
    judged_by: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MomentTold:
    """What happened then."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody said of the plan, of a step that waited, or of a gate."""

    at: datetime
    who: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``back`` is the plan by which it was taken back, if it was. ``before`` is the commit that the unit had before.

    ``written`` is what Git says of its commit, None where it could not be asked (``untold``) or does not know it.
    """

    rollout: Rollout
    forward: Plan
    back: Plan | None
    why: str
    rules: str
    written: Written | None
    untold: str
    accepted_at: datetime | None
    before: str
    changes: Sequence[ChangeTold]
    steps: Sequence[StepTold]
    figures: Sequence[Figure]
    words: Sequence[Word]
    moments: Sequence[MomentTold]
    subject: str = ""
