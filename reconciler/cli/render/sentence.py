"""Events of the journal in words."""

from collections.abc import Sequence
from typing import assert_never

from reconciler.cli.render.deeds import deed_said
from reconciler.cli.render.sayings import saying
from reconciler.control.clean import clean, shortened
from reconciler.control.phrases import listed, short
from reconciler.control.steps import shares
from reconciler.model.analysis import Measurement
from reconciler.model.deed import Deed
from reconciler.model.event import (
    AbortRequested,
    Assessed,
    CommitAccepted,
    CommitRefused,
    DecisionTaken,
    Event,
    Happening,
    Healed,
    HealthChanged,
    Measured,
    Paused,
    Pinned,
    PlanAccepted,
    Released,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    RewriteAccepted,
    RolloutMoved,
    Routed,
    SnapshotTaken,
    SourceFound,
    SourceLost,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.rollout import Decided, Decision
from reconciler.model.word import Said


def sentence(event: Event) -> str:
    """Return an event in words, on one line."""
    return shortened(clean(_in_words(event)), 600)


def _in_words(event: Event) -> str:
    if isinstance(event, Said):
        return saying(event)
    return deed_said(event) if isinstance(event, Deed) else _sentence(event)


def _sentence(event: Happening) -> str:  # noqa: C901, PLR0911 - one line an event
    match event:
        case CommitAccepted() | CommitRefused() | SourceLost() | SourceFound():
            return _of_git(event)
        case RolloutMoved():
            return f"{event.unit} {event.after.replace('_', ' ')}: {event.reason}".removesuffix(": ")
        case StepStarted():
            return f"started {event.what}"
        case StepEnded():
            return f"{event.record.state} {event.what}: {event.detail}".removesuffix(": ")
        case ResourcesApplied():
            return _applied(event)
        case Healed():
            names = [f"{each.resource.target}/{each.resource.ref}{_of(each.fields)}" for each in event.mended]
            return f"{event.unit} healed: {listed(names, 3)}"
        case VerdictGiven():
            return f"{event.unit} at {short(event.commit)} is {event.verdict}: {event.reason}".removesuffix(": ")
        case SnapshotTaken():
            return f"{event.unit.id} at {short(event.unit.commit)} is the last known good"
        case Measured() | Routed() | HealthChanged():
            return _of_figures(event)
        case DecisionTaken() | AbortRequested() | Pinned() | Released():
            return _of_one_state(event)
        case _:
            return _by_people(event)


def _of(fields: Sequence[str]) -> str:
    return f" ({', '.join(fields)})" if fields else ""


def _of_git(event: CommitAccepted | CommitRefused | SourceLost | SourceFound) -> str:
    match event:
        case CommitAccepted():
            return f"commit {short(event.commit)} loaded: {event.subject}"
        case CommitRefused():
            return f"commit {short(event.commit)} refused: {'; '.join(map(str, event.problems[:1]))}"
        case SourceLost():
            return f"Git cannot be asked: {event.reason}"
        case SourceFound():
            return "Git can be asked again"


def _applied(event: ResourcesApplied) -> str:
    names = [f"{owned.resource.id.target}/{owned.resource.id.ref}" for owned in event.applied if owned.sure]
    maybe = [f"{owned.resource.id.target}/{owned.resource.id.ref}" for owned in event.applied if not owned.sure]
    gone = [f"{each.target}/{each.ref}" for each in event.removed]
    told = [f"now as wanted: {listed(names, 3)}"] if names else []
    told += [f"perhaps made, not known: {listed(maybe, 3)}"] if maybe else []
    told += [f"gone: {listed(gone, 3)}"] if gone else []
    return "; ".join(told)


def _of_figures(event: Measured | Routed | HealthChanged) -> str:
    match event:
        case Measured():
            return f"{event.analysis} measured {measured(event.measurement)} ({event.query})"
        case Routed():
            return f"{event.unit} requests: {shares(event.shares)}"
        case HealthChanged():
            return f"{event.unit} on {event.target} is {event.condition}: {event.detail}".removesuffix(": ")


def measured(of: Measurement) -> str:
    """Return a measurement with its judgement."""
    against = f" against {of.baseline}" if of.baseline is not None else ""
    return f"{of.value}{against}: {of.outcome}{f', {of.detail}' if of.detail else ''}"


_DECIDED = {
    Decided.PROMOTE: "promoted",
    Decided.PROMOTE_FULLY: "promoted to the end, without further waits",
    Decided.APPROVE: "approved",
    Decided.REJECT: "rejected",
}


def decided(of: Decision) -> str:
    """Return what a person decided, about which step, and why."""
    return f"{_DECIDED[of.decided]} at step {of.index + 1} by {of.author}: {of.reason}".removesuffix(": ")


def _of_one_state(event: DecisionTaken | AbortRequested | Pinned | Released) -> str:
    match event:
        case DecisionTaken():
            return f"{event.unit} {decided(event.decision)}"
        case AbortRequested():
            how = "left as it is" if event.leave else "taken back"
            return f"{event.unit} aborted by {event.author}, to be {how}: {event.reason}".removesuffix(": ")
        case Pinned():
            return f"{event.unit} held at {event.named} by {event.author}: {event.reason}".removesuffix(": ")
        case Released():
            return f"{event.unit} released by {event.author}, follows Git again: {event.reason}".removesuffix(": ")
        case _:
            assert_never(event)


def _by_people(event: Assessed | Paused | Resumed | RetryRequested | PlanAccepted | RewriteAccepted) -> str:
    match event:
        case Assessed():
            state = {True: "in sync", False: "differs", None: "not seen in full"}[event.in_sync]
            return f"{event.unit} at {short(event.commit)}: {event.waiting.detail if event.waiting else state}"
        case PlanAccepted():
            return f"{event.unit}: plan {event.plan} accepted by {event.author}"
        case RewriteAccepted():
            return f"the rewritten branch accepted at {short(event.commit)} by {event.author}: {event.reason}"
        case Paused():
            return f"{event.unit or 'everything'} paused by {event.author}: {event.reason}"
        case Resumed():
            return f"{event.unit or 'everything'} resumed by {event.author}: {event.reason}".removesuffix(": ")
        case RetryRequested():
            return f"retry of {event.unit} asked for by {event.author}: {event.reason}"
        case _:
            assert_never(event)
