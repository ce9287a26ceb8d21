"""What somebody has to act on, and what shows that somebody did. Pure."""

from collections.abc import Iterator

from reconciler.model.event import (
    AbortRequested,
    CommitAccepted,
    Condition,
    DecisionTaken,
    Event,
    Healed,
    HealthChanged,
    Paused,
    Pinned,
    PlanAccepted,
    Released,
    RetryRequested,
    RewriteAccepted,
    RolloutMoved,
    SourceFound,
)
from reconciler.model.notification import Course, Notice
from reconciler.model.rollout import State
from reconciler.model.word import ApprovalGiven, ApprovalRefused, Locked, Waived, WaiverReviewed
from reconciler.notify.controller import COMMITS, GIT

_OWN_SUBJECT = ("drift:", "health:", "waiver:", "lock:", "access:", "channel:")
_GOES_ON = frozenset({State.RUNNING, State.SUCCEEDED, State.ABORTED, State.SUPERSEDED})


def asks(notice: Notice) -> bool:
    """Whether a person has to act on it."""
    return notice.course in (Course.NEEDS_SOMEBODY, Course.ENDED_BADLY)


def subject(notice: Notice) -> str:
    """Return what has to be acted on: a unit, or a thing of its own."""
    if notice.unit is None or notice.thread.startswith(_OWN_SUBJECT):
        return notice.thread
    return str(notice.unit)


def settled(event: Event) -> frozenset[str]:
    """Return the subjects that somebody has acted on, or that are well again by themselves."""
    return frozenset(_settled(event))


def _settled(event: Event) -> Iterator[str]:  # noqa: C901 - a case a sort of event
    match event:
        case RolloutMoved():
            if event.before is None or State(event.after) in _GOES_ON:
                yield str(event.unit)
        case (
            ApprovalGiven() | ApprovalRefused() | DecisionTaken() | AbortRequested() | RetryRequested() | PlanAccepted()
        ):
            yield str(event.unit)
        case Pinned() | Released() | Paused() | Locked() | Waived():
            if event.unit:
                yield from (str(event.unit), f"drift:{event.unit}")
        case Healed():
            yield f"drift:{event.unit}"
        case HealthChanged(condition=Condition.HEALTHY):
            yield f"health:{event.unit}/{event.target}"
        case CommitAccepted() | RewriteAccepted():
            yield COMMITS
        case SourceFound():
            yield GIT
        case WaiverReviewed():
            yield f"waiver:{event.id}"
        case _:
            return
