"""What was rolled out: rollouts newest first, and the events of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

from rich.text import Text

from reconciler.cli.render.clean import clean, shortened
from reconciler.cli.render.lines import Lines
from reconciler.cli.render.words import ago, lasted, listed, short
from reconciler.model.canonical import plain
from reconciler.model.event import (
    Assessed,
    CommitAccepted,
    CommitRefused,
    Event,
    Healed,
    Paused,
    PlanAccepted,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    RewriteAccepted,
    RolloutMoved,
    SnapshotTaken,
    SourceFound,
    SourceLost,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.rollout import Rollout, State
from reconciler.store.history import Entry

FORMAT = "reconciler/history/v1"
_COLOURS = {
    State.SUCCEEDED: "green",
    State.REVERTED: "bold yellow",
    State.REVERT_FAILED: "bold red",
    State.HELD: "bold red",
    State.ABORTED: "yellow",
    State.SUPERSEDED: "dim",
}


def history_text(rollouts: Sequence[Rollout], now: datetime, width: int = 80) -> Text:
    """Return the rollouts, a line each and the reason below it."""
    lines = Lines(width)
    if not rollouts:
        lines.prose("Nothing was rolled out yet.")
    for rollout in rollouts:
        state = rollout.state.replace("_", " ")
        took = lasted((rollout.updated_at if rollout.ended else now) - rollout.started_at)
        lines.add(
            (clean(str(rollout.unit)), "bold"),
            f"  {clean(rollout.version)}  {_cause(rollout)}  ",
            (state, _COLOURS.get(rollout.state, "cyan")),
            f"  {ago(rollout.started_at, now)}, {'took' if rollout.ended else 'for'} {took}",
        )
        if rollout.reason:
            lines.prose(clean(rollout.reason), indent="    ")
        for failure in (each for each in rollout.failures if each.reason not in rollout.reason):
            lines.prose(f"{clean(failure.target)} (batch {failure.batch}): {clean(failure.reason)}", indent="    ")
        lines.add((f"    rollout {clean(rollout.id)}", "dim"))
    return lines.text()


def _cause(rollout: Rollout) -> str:
    return f"{rollout.cause} {short(rollout.commit)}"


def history_json(rollouts: Sequence[Rollout]) -> dict[str, Any]:
    """Return the rollouts as a JSON value of format ``reconciler/history/v1``; times are RFC 3339."""
    return {"format": FORMAT, "rollouts": [_rollout_json(each) for each in rollouts]}


def _rollout_json(rollout: Rollout) -> dict[str, Any]:
    return {
        "rollout": rollout.id,
        "unit": str(rollout.unit),
        "cause": rollout.cause.value,
        "commit": rollout.commit,
        "version": rollout.version,
        "state": rollout.state.value,
        "ended": rollout.ended,
        "startedAt": rollout.started_at.isoformat(),
        "updatedAt": rollout.updated_at.isoformat(),
        "reason": rollout.reason,
        "failures": plain(rollout.failures),
    }


def events_text(entries: Sequence[Entry], width: int = 80) -> Text:
    """Return events in the order they happened, with their time of day."""
    lines = Lines(width)
    day = ""
    for entry in entries:
        if f"{entry.at:%Y-%m-%d}" != day:
            day = f"{entry.at:%Y-%m-%d}"
            lines.add((f"{day} (UTC)", "dim"))
        lines.prose(f"{entry.at:%H:%M:%S}  {sentence(entry.event)}", indent="  ", hang=" " * 12)
    return lines.text()


def events_json(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return events as a JSON value of format ``reconciler/history/v1``."""
    return {
        "format": FORMAT,
        "events": [{"number": each.number, "at": each.at.isoformat(), "event": plain(each.event)} for each in entries],
    }


def sentence(event: Event) -> str:
    """Return an event in words, on one line."""
    return shortened(clean(_sentence(event)), 600)


def _sentence(event: Event) -> str:  # noqa: PLR0911 - one line an event
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
