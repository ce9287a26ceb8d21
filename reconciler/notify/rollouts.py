"""What people are told of a rollout: where it stands, what it changes, and how it ended. Pure."""

from dataclasses import replace
from typing import TypeAlias

from reconciler.model.change import LEAVING, Action, Cause
from reconciler.model.event import Event, RolloutMoved, StepEnded, StepStarted
from reconciler.model.identity import UnitId
from reconciler.model.notification import Changes, Consent, Course, Notice, Severity, Topic
from reconciler.model.plan import Apply, Plan
from reconciler.model.record import Entry
from reconciler.model.rollout import State, StepState
from reconciler.model.step import AwaitApproval, AwaitPromotion
from reconciler.notify.facts import Facts, Headline, notice
from reconciler.notify.figures import figures

Told: TypeAlias = tuple[Topic, Severity, str, Course]

_FIRST_CHANGES = 5
_QUIET = frozenset({Topic.ROLLOUT_PLANNED, Topic.ROLLOUT_BEGUN, Topic.ROLLOUT_SUCCEEDED, Topic.ROLLOUT_SUPERSEDED})
"""What is not told of a rollout that heals drift: that there was drift, and that it is healed, is."""

_WORDS: dict[State, Told] = {
    State.PAUSED: (Topic.ROLLOUT_PAUSED, Severity.WARNING, "is paused", Course.NEEDS_SOMEBODY),
    State.REVERT_NEEDED: (Topic.ROLLOUT_FAILED, Severity.ERROR, "failed", Course.UNDER_WAY),
    State.REVERTING: (Topic.ROLLOUT_REVERTING, Severity.WARNING, "is taken back", Course.UNDER_WAY),
    State.REVERT_PAUSED: (Topic.ROLLOUT_PAUSED, Severity.ERROR, "is paused on its way back", Course.NEEDS_SOMEBODY),
    State.SUCCEEDED: (Topic.ROLLOUT_SUCCEEDED, Severity.INFO, "is rolled out", Course.ENDED_WELL),
    State.REVERTED: (Topic.ROLLOUT_REVERTED, Severity.ERROR, "failed and was taken back", Course.ENDED_BADLY),
    State.REVERT_FAILED: (
        Topic.ROLLOUT_REVERT_FAILED,
        Severity.CRITICAL,
        "failed and could not be taken back",
        Course.ENDED_BADLY,
    ),
    State.HELD: (Topic.ROLLOUT_HELD, Severity.ERROR, "failed and is held as it is", Course.ENDED_BADLY),
    State.ABORTED: (Topic.ROLLOUT_ABORTED, Severity.WARNING, "was aborted", Course.ENDED_WELL),
    State.SUPERSEDED: (Topic.ROLLOUT_SUPERSEDED, Severity.INFO, "gave way to a newer state", Course.ENDED_WELL),
}

_COMMANDS: dict[Topic, tuple[str, ...]] = {
    Topic.ROLLOUT_PAUSED: ("reconciler explain {unit}", "reconciler resume {unit}"),
    Topic.ROLLOUT_FAILED: ("reconciler explain {unit}",),
    Topic.ROLLOUT_REVERTING: ("reconciler explain {unit}",),
    Topic.ROLLOUT_REVERTED: ("reconciler explain {unit}", 'reconciler retry {unit} --reason "..."'),
    Topic.ROLLOUT_REVERT_FAILED: ("reconciler explain {unit}", "reconciler rollback {unit}"),
    Topic.ROLLOUT_HELD: (
        "reconciler explain {unit}",
        "reconciler rollback {unit}",
        'reconciler retry {unit} --reason "..."',
    ),
    Topic.ROLLOUT_ABORTED: ("reconciler explain {unit}", 'reconciler retry {unit} --reason "..."'),
}


def thread(plan: str) -> str:
    """Return the thread of a rollout: it goes on from the question whether its plan may begin."""
    return f"plan:{plan}"


def moved(entry: Entry, event: RolloutMoved, facts: Facts) -> Notice | None:
    """Return what is told of a rollout that is in a new state."""
    told = _told(event)
    heals = facts.rollout is not None and facts.rollout.cause is Cause.DRIFT
    if told is None or (heals and told[0] in _QUIET):
        return None
    topic, severity, words, course = told
    state = facts.forward.unit.named if facts.forward else facts.rollout.version if facts.rollout else "it"
    what = f"{state}: the healing of drift" if heals else state
    headline = Headline(
        topic=topic,
        severity=severity,
        title=f"{event.unit}: {what} {words}",
        thread=_thread(event, facts),
        course=course,
    )
    said = notice(entry, facts, headline, event.unit)
    judged = course in (Course.ENDED_WELL, Course.ENDED_BADLY) or topic is Topic.ROLLOUT_FAILED
    return replace(
        said,
        detail=event.reason,
        stage=_stage(facts) if topic in (Topic.ROLLOUT_FAILED, Topic.ROLLOUT_PAUSED) else "",
        changes=changes(facts.forward) if facts.forward else None,
        targets=tuple(each.name for each in facts.forward.targets) if facts.forward else said.targets,
        figures=figures(facts.measured, facts.forward) if judged else (),
        consents=consents(facts),
        plan=facts.rollout.forward if facts.rollout else "",
        commands=commands(topic, event.unit),
    )


def _told(event: RolloutMoved) -> Told | None:
    state, before = State(event.after), State(event.before) if event.before else None
    if before is None:
        return (Topic.ROLLOUT_PLANNED, Severity.INFO, "is planned", Course.UNDER_WAY)
    if state is State.RUNNING:
        words = "begins" if before is State.PENDING else "goes on"
        return (Topic.ROLLOUT_BEGUN, Severity.INFO, words, Course.UNDER_WAY)
    if state is State.REVERT_NEEDED and before is State.REVERT_PAUSED:
        return (Topic.ROLLOUT_REVERTING, Severity.WARNING, "goes on being taken back", Course.UNDER_WAY)
    return _WORDS.get(state)


def commands(topic: Topic, unit: UnitId) -> tuple[str, ...]:
    """Return what to type to act on it."""
    return tuple(each.format(unit=unit) for each in _COMMANDS.get(topic, ("reconciler status {unit}",)))


def stepped(entry: Entry, event: StepStarted | StepEnded, facts: Facts) -> Notice | None:
    """Return what is told of a step: a batch that is done where there are several, and a wait for people."""
    plan = next((each for each in (facts.plan, facts.forward) if each and each.id == event.record.plan), None)
    if plan is None or event.record.index >= len(plan.steps):
        return None
    step = plan.steps[event.record.index]
    match event, step:
        case StepEnded(), Apply() if event.record.state is StepState.SUCCEEDED and _batches(plan) > 1:
            done = sum(isinstance(each, Apply) for each in plan.steps[: event.record.index + 1])
            stage = f"batch {done} of {_batches(plan)}"
            names = tuple(each.target for each in step.targets)
            headline = _headline(event, facts, Topic.ROLLOUT_BATCH_DONE, f"{stage} is done ({_few(names)})")
            told = notice(entry, facts, headline, event.unit)
            return replace(told, stage=stage, targets=names, detail=event.detail, plan=plan.id)
        case StepStarted(), AwaitApproval() | AwaitPromotion():
            headline = _headline(event, facts, Topic.ROLLOUT_WAITING, event.what)
            told = notice(entry, facts, headline, event.unit)
            verb = "approve" if isinstance(step, AwaitApproval) else "promote"
            typed = tuple(f"reconciler {each} {event.unit}" for each in (verb, "abort", "explain"))
            stage = f"step {event.record.index + 1} of {len(plan.steps)}"
            measured = figures(facts.measured, facts.forward)
            return replace(told, stage=stage, commands=typed, figures=measured, plan=plan.id, changes=changes(plan))
        case _:
            return None


def _headline(event: StepStarted | StepEnded, facts: Facts, topic: Topic, words: str) -> Headline:
    waits = topic is Topic.ROLLOUT_WAITING
    return Headline(
        topic=topic,
        severity=Severity.WARNING if waits else Severity.INFO,
        title=f"{event.unit}: {words}",
        thread=_thread(event, facts),
        course=Course.NEEDS_SOMEBODY if waits else Course.UNDER_WAY,
    )


def _thread(event: Event, facts: Facts) -> str:
    return thread(facts.rollout.forward) if facts.rollout else f"rollout:{getattr(event, 'rollout', '')}"


def _stage(facts: Facts) -> str:
    if not (facts.rollout and facts.plan and facts.plan.steps):
        return ""
    return f"step {min(facts.rollout.cursor + 1, len(facts.plan.steps))} of {len(facts.plan.steps)}"


def _batches(plan: Plan) -> int:
    return sum(isinstance(each, Apply) for each in plan.steps)


def changes(plan: Plan) -> Changes:
    """Return what a plan changes, counted, and the first of it in words; no value of a field is in them."""
    all_of_them = plan.changes
    counted = {action: sum(each.action is action for each in all_of_them) for action in Action}
    lines = [f"{each.action} {each.resource.target}/{each.resource.ref}" for each in all_of_them]
    return Changes(
        creates=counted[Action.CREATE],
        updates=counted[Action.UPDATE],
        replaces=counted[Action.REPLACE],
        deletes=sum(counted[each] for each in LEAVING),
        first=tuple(lines[:_FIRST_CHANGES]),
        more=max(0, len(lines) - _FIRST_CHANGES),
    )


def consents(facts: Facts) -> tuple[Consent, ...]:
    """Return who consented, each once."""
    found = {
        each.author: Consent(author=each.author, roles=each.roles, reason=each.reason, instead_of=each.instead_of)
        for each in facts.given
    }
    return tuple(found.values())


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"
