"""What of all that is written down people are told of: an entry of the journal to a notice, or to none. Pure."""

from reconciler.model.deed import Deed, NoticeDropped
from reconciler.model.event import (
    Assessed,
    CommitAccepted,
    CommitRefused,
    DecisionTaken,
    Healed,
    HealthChanged,
    Paused,
    Pinned,
    Released,
    Resumed,
    RolloutMoved,
    SourceFound,
    SourceLost,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.notification import Notice
from reconciler.model.record import Entry
from reconciler.model.word import (
    AccessRefused,
    ApprovalAsked,
    ApprovalEscalated,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalReminded,
    Locked,
    Said,
    Unlocked,
    Waived,
    WaiverReviewed,
)
from reconciler.notify import approvals, controller, found, people, rollouts
from reconciler.notify.facts import Facts


def happened(entry: Entry, facts: Facts) -> Notice | None:  # noqa: PLR0911 - a line a family
    """Return what people are told of the entry; None where they are not."""
    event = entry.event
    if isinstance(event, Said):
        return _said(entry, facts)
    if isinstance(event, Deed):
        return controller.dropped(entry, event, facts) if isinstance(event, NoticeDropped) else None
    match event:
        case RolloutMoved():
            return rollouts.moved(entry, event, facts)
        case StepStarted() | StepEnded():
            return rollouts.stepped(entry, event, facts)
        case DecisionTaken():
            return approvals.decided(entry, event, facts)
        case Assessed() | Healed() | HealthChanged() | VerdictGiven():
            return found.found(entry, event, facts)
        case Paused() | Resumed() | Pinned() | Released():
            return people.held(entry, event, facts)
        case CommitAccepted() | CommitRefused() | SourceLost() | SourceFound():
            return controller.of_git(entry, event, facts)
        case _:
            return None


def _said(entry: Entry, facts: Facts) -> Notice | None:
    match entry.event:
        case (
            ApprovalAsked() | ApprovalReminded() | ApprovalEscalated() | ApprovalGiven() | ApprovalRefused()
        ) as approval:
            return approvals.said(entry, approval, facts)
        case Waived() | WaiverReviewed() as waiver:
            return people.waived(entry, waiver, facts)
        case Locked() | Unlocked() as lock:
            return people.locked(entry, lock, facts)
        case AccessRefused() as refused:
            return controller.turned_away(entry, refused, facts)
        case _:
            return None
