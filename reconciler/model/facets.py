"""What the entries of the journal are looked up by: who it was and how it ended. Pure.

They are in the chain, and checking the record compares them with the event: what an event is looked up by is never
changed, also by a later version.
"""

from dataclasses import dataclass
from typing import assert_never

from reconciler.model import deed, event, word
from reconciler.model.event import Event
from reconciler.model.identity import UnitId
from reconciler.model.rollout import ENDS, Decided, StepState
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict

SUCCEEDED, FAILED, REFUSED = "succeeded", "failed", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """``actor`` is a person's or a machine's name, empty where the controller did it by itself.

    ``outcome`` is one word: ``succeeded``, ``failed``, ``refused``, or how a rollout ended (``reverted``, ``held``,
    ``revert_failed``, ``aborted``, ``superseded``); empty where nothing ended.
    """

    unit: str = ""
    environment: str = ""
    rollout: str = ""
    actor: str = ""
    outcome: str = ""


def unit_of(event: Event) -> UnitId | None:
    """Return the unit that the event is about, None where it is about none or about all."""
    unit: UnitId | Unit | None = getattr(event, "unit", None)
    return unit.id if isinstance(unit, Unit) else unit


def facets(event: Event) -> Facets:
    """Return what the event is looked up by."""
    unit = unit_of(event)
    return Facets(
        unit=str(unit) if unit else "",
        environment=unit.environment if unit else getattr(event, "environment", ""),
        rollout=getattr(event, "rollout", None) or "",
        actor=_actor(event),
        outcome=_outcome(event),
    )


def _actor(each: Event) -> str:
    match each:
        case event.DecisionTaken():
            return each.decision.author
        case word.FactorUsed():
            return each.person
        case word.AccessRefused() | deed.SignedIn() | deed.Requested():
            return each.name
        case (
            event.RewriteAccepted() | event.Paused() | event.Resumed() | event.RetryRequested() | event.PlanAccepted()
            | event.AbortRequested() | event.Pinned() | event.Released()
            | word.ApprovalGiven() | word.ApprovalRefused() | word.Delegated() | word.DelegationEnded()
            | word.Waived() | word.WaiverReviewed() | word.Locked() | word.Unlocked()
            | word.TokenIssued() | word.TokenRevoked()
            | deed.BackupTaken() | deed.Restored()
        ):  # fmt: skip
            return each.author
        case (
            event.CommitAccepted() | event.CommitRefused() | event.SourceLost() | event.SourceFound()
            | event.RolloutMoved() | event.StepStarted() | event.StepEnded() | event.ResourcesApplied()
            | event.Healed() | event.VerdictGiven() | event.SnapshotTaken() | event.Assessed() | event.Measured()
            | event.Routed() | event.HealthChanged()
            | word.ApprovalAsked() | word.ApprovalReminded() | word.ApprovalEscalated() | word.TurnedAway()
            | deed.Started() | deed.Stopped() | deed.NoticeDropped() | deed.SegmentArchived() | deed.Relearned()
        ):  # fmt: skip
            return ""
        case _:
            assert_never(each)


def _outcome(each: Event) -> str:  # noqa: PLR0911 - a case an outcome
    match each:
        case event.StepEnded():
            return _STEPS.get(each.record.state, "")
        case event.RolloutMoved():
            return each.after if each.after in ENDS else ""
        case event.VerdictGiven():
            return _VERDICTS[each.verdict]
        case event.DecisionTaken():
            return REFUSED if each.decision.decided is Decided.REJECT else SUCCEEDED
        case event.HealthChanged():
            return FAILED if each.condition is event.Condition.UNHEALTHY else ""
        case event.CommitRefused() | word.ApprovalRefused() | word.AccessRefused() | word.TurnedAway():
            return REFUSED
        case event.SourceLost() | deed.NoticeDropped():
            return FAILED
        case (
            event.CommitAccepted() | event.SourceFound() | event.ResourcesApplied() | event.Healed()
            | word.ApprovalGiven() | deed.SignedIn() | deed.Requested()
            | deed.SegmentArchived() | deed.BackupTaken() | deed.Restored() | deed.Relearned()
        ):  # fmt: skip
            return SUCCEEDED
        case (
            event.RewriteAccepted() | event.StepStarted() | event.SnapshotTaken() | event.Assessed() | event.Paused()
            | event.Resumed() | event.RetryRequested() | event.PlanAccepted() | event.Measured() | event.Routed()
            | event.AbortRequested() | event.Pinned() | event.Released()
            | word.ApprovalAsked() | word.ApprovalReminded() | word.ApprovalEscalated() | word.Delegated()
            | word.DelegationEnded() | word.Waived() | word.WaiverReviewed() | word.Locked() | word.Unlocked()
            | word.FactorUsed() | word.TokenIssued() | word.TokenRevoked() | deed.Started() | deed.Stopped()
        ):  # fmt: skip
            return ""
        case _:
            assert_never(each)


_STEPS = {StepState.SUCCEEDED: SUCCEEDED, StepState.FAILED: FAILED}
_VERDICTS = {Verdict.GOOD: SUCCEEDED, Verdict.BAD: FAILED, Verdict.UNKNOWN: ""}
