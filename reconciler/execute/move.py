"""What a rollout does next: a pure function of the rollout, its plan and the time. Nothing is remembered elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from reconciler import gate
from reconciler.execute.budget import exceeded, listed
from reconciler.model.duration import format_duration
from reconciler.model.health import CheckProgress
from reconciler.model.plan import Apply, Plan, Probe, Step, TargetChanges
from reconciler.model.policy import OnFailure
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.step import Bake
from reconciler.verify import health as verify


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing until somebody else acts: it has ended, is paused, or waits for the plan of its revert."""


@dataclass(frozen=True, slots=True)
class Start:
    """Leave pending."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Write down the intent, then change these targets, side by side."""

    step: Apply
    targets: tuple[TargetChanges, ...]


@dataclass(frozen=True, slots=True)
class Recover:
    """The step was begun and nobody knows how it went on these targets: look at them again, then decide."""

    step: Apply
    targets: tuple[TargetChanges, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a step that waits, for these targets."""

    step: Probe | Bake
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the checks that are due, once each."""

    step: Probe
    due: tuple[CheckProgress, ...]


@dataclass(frozen=True, slots=True)
class Sleep:
    """There is nothing to do before that time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """These targets did not become healthy in time; the others go on."""

    failures: tuple[TargetFailure, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The step in hand has succeeded; the next one follows."""

    step: Step


@dataclass(frozen=True, slots=True)
class Finish:
    """Every step has succeeded."""


@dataclass(frozen=True, slots=True)
class Fail:
    """It cannot succeed any more."""

    reason: str


Move: TypeAlias = Rest | Start | Perform | Recover | Begin | Ask | Sleep | GiveUp | End | Finish | Fail


def next_move(rollout: Rollout, plan: Plan, now: datetime) -> Move:
    """Return the one thing to do next. ``plan`` is the one the rollout is executing."""
    match rollout.state:
        case State.PENDING:
            return Start()
        case State.RUNNING | State.REVERTING:
            return _step(rollout, plan, now)
        case _:
            return Rest()


def tolerant(rollout: Rollout, plan: Plan) -> bool:
    """Whether a failed target does not keep the others from being changed.

    That is so under ``onFailure: continue``, and for a revert: it brings back as much as it can, then tells.
    """
    return rollout.state is State.REVERTING or plan.policy.on_failure is OnFailure.CONTINUE


def _step(rollout: Rollout, plan: Plan, now: datetime) -> Move:
    if not tolerant(rollout, plan) and (reason := exceeded(rollout.failures, plan.policy.failure_budget)):
        return Fail(reason)
    if rollout.cursor >= len(plan.steps):
        failed = rollout.failures and tolerant(rollout, plan)
        return Fail(listed(rollout.failures)) if failed else Finish()
    step, record = plan.steps[rollout.cursor], _in_hand(rollout)
    match step:
        case Apply():
            return _apply(rollout, step, record, now)
        case Probe():
            return _probe(rollout, plan, step, now) if record else Begin(step, _left(rollout, step.targets))
        case Bake():
            return _bake(step, record, now) if record else Begin(step)
        case _:
            assert_never(step)


def _in_hand(rollout: Rollout) -> StepRecord | None:
    """Return the record of the step at the cursor, None when it has not begun."""
    step = rollout.step
    fits = step and (step.plan, step.index, step.state) == (rollout.plan, rollout.cursor, StepState.STARTED)
    return step if fits else None


def _left(rollout: Rollout, targets: Sequence[str]) -> tuple[str, ...]:
    failed = {failure.target for failure in rollout.failures}
    return tuple(target for target in targets if target not in failed)


def _apply(rollout: Rollout, step: Apply, record: StepRecord | None, now: datetime) -> Move:
    left = _left(rollout, [target.target for target in step.targets])
    if record is None:
        return Perform(step, tuple(target for target in step.targets if target.target in left))
    unknown = tuple(
        target for target in step.targets if target.target in left and target.target not in record.targets_done
    )
    if not unknown:
        return End(step)
    # Set when a target could not be seen: how it is there stays unknown until it can be.
    if rollout.wake_at and rollout.wake_at > now:
        return Sleep(rollout.wake_at)
    return Recover(step, unknown)


def _probe(rollout: Rollout, plan: Plan, step: Probe, now: datetime) -> Move:
    undecided = waited_for(rollout, step)
    if due := tuple(progress for progress in undecided if progress.next_at <= now):
        return Ask(step, due)
    match gate.health(undecided, rollout.deadline, now):
        case gate.Open():
            return End(step)
        case gate.Pending(until):
            return Sleep(until)
        case gate.Closed(reason) if not tolerant(rollout, plan):
            return Fail(
                f"no progress for {format_duration(plan.policy.progress_deadline)}, still not healthy: {reason}"
            )
        case gate.Closed():
            return GiveUp(_too_late(step, undecided))
        case never:
            assert_never(never)


def waited_for(rollout: Rollout, step: Probe) -> tuple[CheckProgress, ...]:
    """Return the checks that have neither passed nor failed, on targets that have not failed."""
    progress = rollout.step.progress if rollout.step else ()
    left = _left(rollout, step.targets)
    return tuple(
        one
        for one in progress
        if one.target in left and verify.judge(one, step.checks[one.check]) is verify.Judgement.UNDECIDED
    )


def _too_late(step: Probe, undecided: Sequence[CheckProgress]) -> tuple[TargetFailure, ...]:
    first = {one.target: one for one in reversed(undecided)}
    return tuple(
        TargetFailure(
            target=target,
            batch=step.batch,
            reason=f"health check {step.checks[one.check]} did not pass in time on {target}: "
            f"{one.detail or 'no answer yet'}",
        )
        for target, one in sorted(first.items())
    )


def _bake(step: Bake, record: StepRecord, now: datetime) -> Move:
    match gate.bake(record.started_at, step.duration, now):
        case gate.Open():
            return End(step)
        case gate.Pending(until):
            return Sleep(until)
        case never:
            assert_never(never)
