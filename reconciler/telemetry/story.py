"""The spans of a rollout, from what the journal has of it. Pure: told twice, or after a restart, they are the same."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.deed import Requested
from reconciler.model.event import (
    AbortRequested,
    DecisionTaken,
    Event,
    Healed,
    HealthChanged,
    Paused,
    PlanAccepted,
    Resumed,
    RetryRequested,
    RolloutMoved,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.record import Entry
from reconciler.model.rollout import ENDS, Rollout, State, StepState
from reconciler.model.word import Said
from reconciler.telemetry.span import Context, Note, Span, Value, of_rollout, of_step, parsed

RESULTS = {
    State.SUCCEEDED: "success",
    State.REVERTED: "failure",
    State.REVERT_FAILED: "error",
    State.HELD: "failure",
    State.ABORTED: "cancellation",
    State.SUPERSEDED: "cancellation",
}
"""How rollouts end, in the words of OpenTelemetry for runs of pipelines."""

HALTS = ENDS | {State.REVERT_NEEDED}
"""States in which no step is in hand any more."""


@dataclass(frozen=True, slots=True)
class Story:
    """What the journal has of a rollout that ended: itself, its entries, and those of its unit before and meanwhile."""

    rollout: Rollout
    entries: Sequence[Entry]
    around: Sequence[Entry]

    @property
    def began(self) -> datetime:
        """When it began."""
        return self.rollout.started_at

    @property
    def ended(self) -> datetime:
        """When it ended."""
        return next((each.at for each in reversed(self.entries) if _ends(each.event)), self.rollout.updated_at)

    @property
    def failed_at(self) -> datetime | None:
        """When it was known that it has to be taken back, None when it had not to be."""
        needed = (each.at for each in self.entries if _becomes(each.event, State.REVERT_NEEDED))
        return next(needed, None)


def root(story: Story, began_by: Iterable[Context] = ()) -> Span:
    """Return the span of the whole rollout; ``began_by`` are spans of passes that are known to have begun it."""
    rollout = story.rollout
    failed = rollout.state is not State.SUCCEEDED
    asked = (parsed(each.event.trace) for each in story.around if isinstance(each.event, Requested))
    links = dict.fromkeys([*began_by, *(each for each in asked if each)])
    return Span(
        name=f"RUN {rollout.unit}",
        context=of_rollout(rollout.id),
        began=story.began,
        ended=story.ended,
        attributes={
            "cicd.pipeline.name": str(rollout.unit),
            "cicd.pipeline.action.name": "RUN",
            "cicd.pipeline.run.id": rollout.id,
            "cicd.pipeline.result": RESULTS[rollout.state],
            "deployment.id": rollout.id,
            "deployment.name": rollout.unit.app,
            "deployment.environment.name": rollout.unit.environment,
            "deployment.status": "failed" if failed else "succeeded",
            "vcs.ref.head.revision": rollout.commit,
            "reconciler.version": rollout.version,
            "reconciler.cause": rollout.cause.value,
            "reconciler.outcome": rollout.state.value,
        },
        notes=tuple(_notes(story)),
        links=tuple(links),
        failed=f"{rollout.state}: {rollout.reason}" if failed else None,
    )


def step(ended: StepEnded, sort: str) -> Span:
    """Return the span of a step that has ended; ``sort`` is the plan's word for it (``apply``)."""
    failed = ended.record.state is StepState.FAILED
    return _step(ended, sort, ended.record.ended_at or ended.record.started_at, ended.detail if failed else None)


def cut(started: StepStarted, sort: str, at: datetime, reason: str) -> Span:
    """Return the span of a step in which its rollout failed, or was ended."""
    return _step(started, sort, at, reason)


def left_open(entries: Sequence[Entry]) -> Iterator[tuple[StepStarted, Entry, str]]:
    """Yield each step that was begun and never ended, with what ended its rollout's work, and why."""
    begun: StepStarted | None = None
    for entry in entries:
        match entry.event:
            case StepStarted():
                begun = entry.event
            case StepEnded():
                begun = None
            case RolloutMoved(after=after, reason=reason) if begun and State(after) in HALTS:
                yield begun, entry, reason
                begun = None


def _step(of: StepStarted | StepEnded, sort: str, ended: datetime, failed: str | None) -> Span:
    return Span(
        name=sort,
        context=of_step(of.rollout, of.record.plan, of.record.index),
        parent=of_rollout(of.rollout),
        began=of.record.started_at,
        ended=ended,
        attributes={
            "cicd.pipeline.task.name": sort,
            "cicd.pipeline.task.run.id": f"{of.rollout}-{of.record.index}",
            "cicd.pipeline.task.run.result": "failure" if failed is not None else "success",
            "deployment.environment.name": of.unit.environment,
            "reconciler.step": of.what,
            "reconciler.attempt": of.record.attempt,
        },
        failed=failed,
    )


def _notes(story: Story) -> Iterator[Note]:
    """What people said and what was decided: gates, approvals, verdicts, moves."""
    for entry in story.around:
        event = entry.event
        told = isinstance(
            event,
            Said
            | RolloutMoved
            | DecisionTaken
            | AbortRequested
            | RetryRequested
            | PlanAccepted
            | Paused
            | Resumed
            | VerdictGiven
            | Healed
            | HealthChanged,
        )
        if told:
            yield Note(event.event, entry.at, dict(_said(event)))


def _said(event: Event) -> Iterator[tuple[str, Value]]:
    for name in ("before", "after", "reason", "author", "verdict", "condition"):
        if value := getattr(event, name, None):
            yield f"reconciler.{name}", str(value)
    if isinstance(event, DecisionTaken):
        yield "reconciler.decided", event.decision.decided.value
        yield "reconciler.author", event.decision.author


def _becomes(event: Event, state: State) -> bool:
    return isinstance(event, RolloutMoved) and event.after == state.value


def _ends(event: Event) -> bool:
    return isinstance(event, RolloutMoved) and event.after in ENDS
