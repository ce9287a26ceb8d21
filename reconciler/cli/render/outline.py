"""What every rendering of a review says, in words, before it becomes a screen, a comment or JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from reconciler.cli.render.words import SORTS
from reconciler.control.clean import clean
from reconciler.control.phrases import count, listed, short
from reconciler.control.steps import NAMED_IN_BATCH, analysis
from reconciler.model.assessment import Assessment, Review
from reconciler.model.canonical import canonical
from reconciler.model.change import Action, Cause, Change, FieldDiff
from reconciler.model.duration import format_duration
from reconciler.model.governance import GateKind, GateWord
from reconciler.model.health import HealthCheck
from reconciler.model.plan import Apply, LeftOut, Plan, Probe, Shift, Stop, Tier
from reconciler.model.policy import FailureBudget
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.model.unit import Unit
from reconciler.model.waiting import Reason

NAMED_TARGETS = 2
_STANDS = {
    GateWord.OPEN: "",
    GateWord.PENDING: " waits",
    GateWord.CLOSED: " is shut",
    GateWord.WARNS: " warns",
    GateWord.WAIVED: "",
}
"""How a gate stands, where that is not said by the rest of the sentence."""


@dataclass(frozen=True, slots=True)
class Group:
    """One change that is the same on several targets."""

    action: Action
    ref: str
    cause: Cause
    fields: tuple[FieldDiff, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of a review. ``rerouted`` are units of which only the requests are sent elsewhere."""

    actions: dict[Action, int]
    targets: int
    units: int
    rerouted: int
    waiting: int
    unseen: int

    @property
    def changes(self) -> int:
        """How many changes there are in all."""
        return sum(self.actions.values())


def groups(plan: Plan) -> tuple[Group, ...]:
    """Return the plan's changes in the order they happen, identical ones on several targets as one."""
    found: dict[str, list[Change]] = {}
    for change in plan.changes:
        found.setdefault(_sameness(change), []).append(change)
    return tuple(
        Group(
            same[0].action, same[0].resource.ref, same[0].cause, same[0].fields, tuple(c.resource.target for c in same)
        )
        for same in found.values()
    )


def _sameness(change: Change) -> str:
    fields = [[field.path, field.before, field.after, field.text, field.secret] for field in change.fields]
    return canonical([change.action, change.resource.ref, change.cause, fields])


def cause(plan: Plan) -> str:
    """Return why there is a plan at all."""
    match plan.cause:
        case Cause.COMMIT:
            return f"new commit {short(plan.unit.commit)}"
        case Cause.DRIFT:
            return f"drift from commit {short(plan.unit.commit)}"
        case Cause.REVERT:
            return f"revert to {f'commit {short(plan.unit.commit)}' if plan.unit.commit else plan.unit.named}"
        case _:
            assert_never(plan.cause)


def rules(plan: Plan) -> str:
    """Return how far the plan reaches and when it fails, in numbers."""
    applies = [step for step in plan.steps if isinstance(step, Apply)]
    if not applies and any(isinstance(step, Shift) for step in plan.steps):
        return "nothing to change on any target; only requests are sent elsewhere"
    if not applies:
        return "nothing to change; its health says whether this state is good"
    targets = len({each.target for step in applies for each in step.targets})
    last = max(step.batch for step in applies)
    batches = "1 batch" if last == 1 else f"{last} batches"
    return f"{count(targets, 'target')} in {batches}; {_budget(plan.policy.failure_budget)}"


def _budget(budget: FailureBudget) -> str:
    if not (budget.total and budget.per_batch):
        return "fails when 1 target fails"
    fails = f"fails when more than {count(budget.total, 'target')} {'fails' if budget.total == 1 else 'fail'}"
    return fails if budget.per_batch >= budget.total else f"{fails}, or more than {budget.per_batch} in one batch"


def limits(plan: Plan) -> Iterator[str]:
    """Yield what else holds during all of it: who may be down, when nothing serves, who routes, what is measured."""
    several = len(plan.tiers) > 1
    if several and plan.changes:
        yield f"one after the other: {', then '.join(_tier(tier) for tier in plan.tiers)}"
    for tier in plan.tiers if plan.changes else ():
        if tier.may_be_down is not None:
            down = f"{tier.may_be_down} of {count(len(tier.targets), SORTS[tier.sort] if several else 'target')}"
            yield f"out of service at once: {down} at most, those that failed or were not seen included"
    if downtime := _downtime(plan):
        yield downtime
    if plan.router:
        names = listed(plan.router.hosts, NAMED_IN_BATCH)
        yield f"requests go through {plan.router.router} on {names}; each change there is looked at again"
    if waited := _waited(plan):
        yield waited
    for each in plan.background:
        yield f"analysed during all of it: {analysis(each)}"


def _tier(tier: Tier) -> str:
    return f"{count(len(tier.targets), SORTS[tier.sort])} ({listed(tier.targets, NAMED_IN_BATCH)})"


def _waited(plan: Plan) -> str:
    """Return for whom and how long the plan waits in all; empty when it does not."""
    people = sum(isinstance(step, AwaitPromotion | AwaitApproval) for step in plan.steps)
    baked = sum((step.duration for step in plan.steps if isinstance(step, Bake)), timedelta(0))
    analysed = sum((_longest(step) for step in plan.steps if isinstance(step, Analyse)), timedelta(0))
    told = [f"waits {format_duration(baked)}"] if baked else []
    told += [f"analyses for {format_duration(analysed)}"] if analysed else []
    told += ["asks a person" if people == 1 else f"asks people {people} times"] if people else []
    told += ["asks another program"] if any(isinstance(step, CallHook) for step in plan.steps) else []
    return f"beside changes and health it {listed(told, len(told))}" if told else ""


def _longest(step: Analyse) -> timedelta:
    """Return how long its analyses measure, side by side, when nothing decides them sooner."""
    each = (of.initial_delay + of.interval * max((of.count or 1) - 1, 0) for of in step.analyses)
    return max(each, default=timedelta(0))


def _downtime(plan: Plan) -> str:
    stops = [index for index, step in enumerate(plan.steps, start=1) if isinstance(step, Stop)]
    if not stops:
        return ""
    stopped = {each.target for step in plan.steps if isinstance(step, Stop) for each in step.targets}
    up = next((i for i, step in enumerate(plan.steps, start=1) if i > stops[-1] and isinstance(step, Probe)), None)
    until = f"until step {up} has passed" if up else "until the end"
    every = "all" if stopped >= set(plan.unit.targets) else f"{len(stopped)} of {len(plan.unit.targets)} targets"
    return f"downtime: {every} down from step {stops[0]} {until}"


def checks(plan: Plan) -> tuple[str, ...]:
    """Return the plan's health checks with their thresholds, each once."""
    probes = (step for step in plan.steps if isinstance(step, Probe))
    return tuple(dict.fromkeys(_check(check) for probe in probes for check in probe.checks))


def _check(check: HealthCheck) -> str:
    timing = check.timing
    first = f" after {format_duration(timing.initial_delay)}," if timing.initial_delay else ""
    return (
        f"{clean(str(check))}{first} every {format_duration(timing.period)}"
        f" (healthy: {timing.success_threshold} in a row, failed: {timing.failure_threshold},"
        f" limit {format_duration(timing.timeout)})"
    )


def holding(assessment: Assessment) -> str | None:
    """Return what the unit is held to instead of what Git says; None when it is Git's."""
    rejected = assessment.rejected
    if rejected is None:
        return None
    held = f"holding at {_state(assessment.effective)}" if assessment.effective else "holding as it is"
    git_says = assessment.wanted.commit if assessment.wanted else rejected.commit
    return f"{held}, Git says {short(git_says)} (rejected: {clean(rejected.reason)})"


def _state(unit: Unit) -> str:
    return short(unit.commit) if unit.commit else unit.named


def notes(assessment: Assessment) -> Iterator[tuple[str, str]]:
    """Yield what else a person has to know, each as (label, sentence)."""
    sentence = holding(assessment)
    if sentence:
        yield "held", sentence
    if assessment.waiting and assessment.waiting.reason not in _told_elsewhere(assessment):
        yield "waiting", f"{clean(assessment.waiting.detail)} ({assessment.waiting.reason})"
    yield from _gates(assessment)
    if assessment.signal:
        yield (
            "rollout",
            f"{clean(assessment.signal.rollout)}: {assessment.signal.trigger}, {clean(assessment.signal.reason)}",
        )
    if assessment.drifted:
        yield "drifted", listed(assessment.drifted, NAMED_IN_BATCH)
    for reason, targets in _by_reason(assessment.unseen).items():
        yield "not seen", f"{listed(targets, NAMED_IN_BATCH)}: {clean(reason)}"
    out = assessment.plan.left_out if assessment.plan else ()
    for reason, targets in _by_reason([each for each in out if each not in assessment.unseen]).items():
        yield "left out", f"{listed(targets, NAMED_IN_BATCH)}: {clean(reason)}"
    for kept in assessment.plan.kept if assessment.plan else ():
        yield "kept", clean(kept)
    for note in assessment.plan.notes if assessment.plan else ():
        yield "note", clean(note)


def _gates(assessment: Assessment) -> Iterator[tuple[str, str]]:
    """Yield how the gates before the plan stand, but for the one that it is said to wait for, and rules that hold."""
    for gate in assessment.gates:
        told = assessment.waiting is not None and gate.detail == assessment.waiting.detail
        quiet = gate.stands is GateWord.OPEN and (gate.kind is GateKind.GUARDRAIL or not assessment.plan)
        if not told and not quiet:
            yield "gate", f"{gate.kind}{_STANDS[gate.stands]}: {clean(gate.detail)}"


def _told_elsewhere(assessment: Assessment) -> Iterator[Reason]:
    """Yield the reasons for waiting that another note says in full."""
    if assessment.rejected:
        yield from (Reason.REJECTED, Reason.NOTHING_TO_REVERT_TO)
    if assessment.unseen:
        yield Reason.UNREACHABLE


def _by_reason(left_out: Sequence[LeftOut]) -> dict[str, list[str]]:
    reasons = {each.target: each.reason for each in left_out}
    return {reason: [target for target in reasons if reasons[target] == reason] for reason in reasons.values()}


def totals(review: Review) -> Totals:
    """Count what a review would do, whether something stands in its way or not."""
    plans = [each.plan for each in review.assessments if each.plan and each.plan.changes]
    changes = [change for plan in plans for change in plan.changes]
    shifting = (each.plan for each in review.assessments if each.plan and not each.plan.changes)
    return Totals(
        actions={action: sum(change.action is action for change in changes) for action in Action},
        targets=len({change.resource.target for change in changes}),
        units=len(plans),
        rerouted=sum(any(isinstance(step, Shift) for step in plan.steps) for plan in shifting),
        waiting=sum(each.waiting is not None for each in review.assessments),
        unseen=len({out.target for each in review.assessments for out in each.unseen}),
    )


def has_changes(review: Review) -> bool:
    """Whether the review would change anything; what ``plan --detailed-exitcode`` tells by status 2."""
    total = totals(review)
    return total.changes > 0 or total.rerouted > 0


def summary(review: Review) -> str:
    """Return the last line of a review."""
    total = totals(review)
    if total.changes:
        return _planned(total)
    if total.rerouted:
        return f"Plan: send the requests of {count(total.rerouted, 'unit')} as before; nothing else changes."
    return _unchanged(review, total)


def caveats(review: Review) -> str:
    """Return what the last line does not tell: who waits, what was not seen; empty when there is nothing."""
    total = totals(review)
    told = [f"{count(total.waiting, 'unit')} {'waits' if total.waiting == 1 else 'wait'}."] if total.waiting else []
    told += [f"{count(total.unseen, 'target')} could not be seen."] if total.unseen else []
    return " ".join(told)


def _planned(total: Totals) -> str:
    made = [f"{total.actions[action]} to {action}" for action in (Action.CREATE, Action.UPDATE)]
    if total.actions[Action.REPLACE]:
        made.append(f"{total.actions[Action.REPLACE]} to replace")
    made.append(f"{total.actions[Action.DELETE]} to delete")
    if total.actions[Action.RESTORE]:
        made.append(f"{total.actions[Action.RESTORE]} to put back as before us")
    return f"Plan: {', '.join(made)} on {count(total.targets, 'target')} in {count(total.units, 'unit')}."


def _unchanged(review: Review, total: Totals) -> str:
    if total.waiting or total.unseen:
        return "No changes now."
    resources = [resource.id for each in review.assessments if each.effective for resource in each.effective.resources]
    if not resources:
        return f"No changes. Commit {short(review.commit)} asks for nothing."
    where = f"{count(len(resources), 'resource')} on {count(len({each.target for each in resources}), 'target')}"
    if any(each.rejected for each in review.assessments):
        return f"No changes. {where} {'is' if len(resources) == 1 else 'are'} as last known good."
    return f"No changes. {where} {'is' if len(resources) == 1 else 'are'} as commit {short(review.commit)} says."
