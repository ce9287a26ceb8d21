"""A simulation in words: when, what, why; at the end who has which version."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from reconciler.model.event import (
    AbortRequested,
    Assessed,
    DecisionTaken,
    Event,
    Measured,
    Paused,
    Resumed,
    RetryRequested,
    RolloutMoved,
    Routed,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.rollout import StepState
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import ApprovalAsked, ApprovalEscalated, ApprovalGiven, ApprovalRefused, ApprovalReminded


def line(passed: timedelta, about: str, text: str) -> str:
    """Return one line of the story."""
    return f"{_clock(passed)}  {about:<20}  {text}"


def told(event: Event) -> str | None:  # noqa: PLR0911, PLR0912, C901 - a case an event
    """Return the event in words, None where it says nothing a reader needs."""
    match event:
        case RolloutMoved(before=None):
            return "a rollout is planned"
        case RolloutMoved():
            return f"{event.after.replace('_', ' ')}{f': {event.reason}' if event.reason else ''}"
        case StepStarted():
            return event.what
        case StepEnded(record=record) if record.state is StepState.FAILED:
            return f"failed: {event.detail}"
        case StepEnded():
            return f"  done: {event.detail}" if event.detail else None
        case Measured():
            said = event.measurement
            against = f", baseline {said.baseline}" if said.baseline is not None else ""
            return f"  {event.analysis} is {said.value}{against}: {said.outcome.value}"
        case Routed():
            shares = ", ".join(f"{share.server} {share.weight}" for share in event.shares)
            return f"  requests by weight: {shares}"
        case VerdictGiven():
            return f"commit {event.commit[:7]} is found {event.verdict.value}"
        case DecisionTaken():
            return f"{event.decision.author} says {event.decision.decided.value}"
        case AbortRequested():
            return f"{event.author} aborts{' and leaves it as it is' if event.leave else ''}"
        case Paused():
            return f"{event.author} pauses automation"
        case Resumed():
            return f"{event.author} lets automation go on"
        case RetryRequested():
            return f"{event.author} asks for another try"
        case Assessed(waiting=WaitingOn(reason=Reason.DISAPPROVED, detail=detail)):
            return f"not carried out: {detail}"
        case ApprovalAsked():
            return f"people are asked: {', '.join(event.policies)}"
        case ApprovalGiven():
            return f"{event.author} approves" + (f" ({', '.join(event.roles)})" if event.roles else "")
        case ApprovalRefused():
            return f"{event.author} refuses"
        case ApprovalReminded():
            return f"people are reminded: {event.policy}"
        case ApprovalEscalated():
            return f"{', '.join(event.roles)} may approve too: {event.policy}"
        case _:
            return None


def grouped(versions: Mapping[str, str]) -> str:
    """Return who has which version, in a line."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for target, version in versions.items():
        found[version].append(target)
    return "; ".join(f"{version}: {_names(targets)}" for version, targets in sorted(found.items()))


def passed(since: datetime, at: datetime) -> timedelta:
    """Return how much time has passed."""
    return at - since


def _names(targets: Iterable[str]) -> str:
    names = list(targets)
    return ", ".join(names) if len(names) <= 12 else f"{', '.join(names[:10])} and {len(names) - 10} more"


def _clock(passed: timedelta) -> str:
    seconds = passed.total_seconds()
    days, rest = divmod(int(seconds), 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{f'{days}d ' if days else ''}{clock}"
