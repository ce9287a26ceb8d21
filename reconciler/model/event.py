"""Journal events: what is appended, and all that projections are made from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from reconciler.model.analysis import Measurement
from reconciler.model.deed import Deed
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.problem import Problem
from reconciler.model.rollout import Decision, StepRecord
from reconciler.model.traffic import Share
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import WaitingOn
from reconciler.model.word import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitAccepted:
    """A commit loaded; from now on it is what Git says."""

    commit: str
    subject: str
    event: Literal["commit_accepted"] = "commit_accepted"


class Refusal(StrEnum):
    """Why a commit is not followed: it does not load, its signer is not trusted, or the branch was rewritten."""

    MISTAKES = "mistakes"
    UNTRUSTED = "untrusted"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRefused:
    """A commit is not followed; the fleet stays on the last one that was accepted."""

    commit: str
    subject: str
    problems: tuple[Problem, ...]
    why: Refusal = Refusal.MISTAKES
    event: Literal["commit_refused"] = "commit_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteAccepted:
    """A person lets the branch go on from this commit, though the accepted one is not in its history."""

    commit: str
    author: str
    reason: str
    event: Literal["rewrite_accepted"] = "rewrite_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLost:
    """Git cannot be asked; the fleet is kept as the last commit that loaded says."""

    reason: str
    event: Literal["source_lost"] = "source_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFound:
    """Git can be asked again."""

    event: Literal["source_found"] = "source_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutMoved:
    """A rollout is in a new state."""

    rollout: str
    unit: UnitId
    before: str | None
    after: str
    reason: str
    event: Literal["rollout_moved"] = "rollout_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """The intent of a step, written before its effect."""

    rollout: str
    unit: UnitId
    record: StepRecord
    what: str
    event: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """The outcome of a step. ``detail`` is one line a person can read."""

    rollout: str
    unit: UnitId
    record: StepRecord
    what: str
    detail: str
    event: Literal["step_ended"] = "step_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesApplied:
    """Resources are now as the plan wanted them; from now on a difference in them is drift."""

    unit: UnitId
    applied: tuple[Owned, ...] = ()
    removed: tuple[ResourceId, ...] = ()
    event: Literal["resources_applied"] = "resources_applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A resource that was brought back from drift, and the fields that differed; none when it was gone."""

    resource: ResourceId
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Healed:
    """Drift was healed. What drifts again soon after is a fight with somebody, and is healed less often."""

    rollout: str
    unit: UnitId
    mended: tuple[Mended, ...]
    event: Literal["healed"] = "healed"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictGiven:
    """A unit's desired state was found good or bad, or a person asked to forget what was found."""

    unit: UnitId
    digest: str
    verdict: Verdict
    reason: str
    commit: str
    event: Literal["verdict_given"] = "verdict_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    """A good state worth going back to."""

    unit: Unit
    event: Literal["snapshot_taken"] = "snapshot_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """What a pass found about a unit; appended only when it differs from what was known.

    ``commit``, ``digest`` and ``version`` are of the state the unit is held to; ``rejected`` is the digest of what
    Git says, when that is not it because it was found bad. ``plan`` is the one that people are asked about, if any.
    """

    unit: UnitId
    commit: str
    digest: str
    version: str
    in_sync: bool | None
    waiting: WaitingOn | None
    drifted: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    rejected: str | None = None
    plan: str = ""
    event: Literal["assessed"] = "assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A person stopped automation for a unit, or for everything (``unit`` is None)."""

    unit: UnitId | None
    author: str
    reason: str
    event: Literal["paused"] = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A person lifted a pause."""

    unit: UnitId | None
    author: str
    reason: str
    event: Literal["resumed"] = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRequested:
    """A person wants a rejected state tried again: its verdict is forgotten."""

    unit: UnitId
    author: str
    reason: str
    event: Literal["retry_requested"] = "retry_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAccepted:
    """A person has reviewed this plan and wants exactly it, though policy alone would let it wait."""

    unit: UnitId
    plan: str
    author: str
    event: Literal["plan_accepted"] = "plan_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement of an analysis: evidence. ``query`` is what was asked."""

    rollout: str
    unit: UnitId
    analysis: str
    query: str
    measurement: Measurement
    event: Literal["measured"] = "measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """How the requests of a unit shall be sent from now on."""

    rollout: str
    unit: UnitId
    shares: tuple[Share, ...]
    event: Literal["routed"] = "routed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTaken:
    """A person decided about the step that a rollout waits in; the rollout is told by the next pass."""

    unit: UnitId
    decision: Decision
    event: Literal["decision_taken"] = "decision_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortRequested:
    """A person ends a rollout: it is taken back, or left as it is (``leave``)."""

    unit: UnitId
    rollout: str
    author: str
    reason: str
    leave: bool = False
    event: Literal["abort_requested"] = "abort_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A person holds a unit at a state that was good once (``digest``), whatever Git says, until it is released."""

    unit: UnitId
    digest: str
    named: str
    author: str
    reason: str
    event: Literal["pinned"] = "pinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A person lets a unit follow Git again."""

    unit: UnitId
    author: str
    reason: str
    event: Literal["released"] = "released"


class Condition(StrEnum):
    """How an app does on one target, by its health checks. Degraded: some checks fail, or have begun to."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged:
    """An app at rest does better or worse on a target than before, ``since`` then.

    ``detail`` says which check and what it saw.
    """

    unit: UnitId
    target: str
    condition: Condition
    detail: str
    since: datetime
    event: Literal["health_changed"] = "health_changed"


Happening: TypeAlias = (
    CommitAccepted
    | CommitRefused
    | RewriteAccepted
    | SourceLost
    | SourceFound
    | RolloutMoved
    | StepStarted
    | StepEnded
    | ResourcesApplied
    | Healed
    | VerdictGiven
    | SnapshotTaken
    | Assessed
    | Paused
    | Resumed
    | RetryRequested
    | PlanAccepted
    | Measured
    | Routed
    | DecisionTaken
    | AbortRequested
    | Pinned
    | Released
    | HealthChanged
)
"""What is decided and done."""

Event: TypeAlias = Happening | Word | Deed
"""All that is written down: what is decided and done, what people say, and what is done beside rollouts."""
