"""What comes next, as scenarios: a rollout in, a move out."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reconciler.execute import moves as move
from reconciler.execute.move import next_move
from reconciler.model.health import CheckProgress
from reconciler.model.plan import Apply, Probe
from reconciler.model.policy import FailureBudget, OnFailure, RolloutPolicy
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.step import Bake
from reconciler.model.waiting import Reason, WaitingOn
from tests.factory import NOW
from tests.sim import plans

WEB = ("web-1", "web-2")
POLICY = RolloutPolicy(name="p", failure_budget=FailureBudget(total=1, per_batch=1))
PLAN = plans.plan(
    plans.shop("2", WEB, POLICY),
    [*plans.batch(plans.shop("2", WEB), 1, WEB), Bake(timedelta(minutes=1))],
)
TOLERANT = replace(PLAN, unit=replace(PLAN.unit, policy=replace(POLICY, on_failure=OnFailure.CONTINUE)))
APPLY, PROBE, BAKE = PLAN.steps
LATER = NOW + timedelta(seconds=5)
SOON = NOW + timedelta(seconds=1)
FAILED = TargetFailure(target="web-1", batch=1, reason="web-1: no")
BOTH = (FAILED, TargetFailure(target="web-2", batch=1, reason="web-2: no"))


def rollout(state: State = State.RUNNING, cursor: int = 0, **fields: object) -> Rollout:
    return replace(plans.pending(PLAN, "r1", NOW), state=state, cursor=cursor, **fields)  # type: ignore[arg-type]


def begun(index: int, *progress: CheckProgress, done: tuple[str, ...] = ()) -> StepRecord:
    return StepRecord(
        plan=PLAN.id,
        index=index,
        state=StepState.STARTED,
        attempt=1,
        started_at=NOW,
        targets_done=done,
        progress=progress,
    )


def check(target: str, successes: int = 0, failures: int = 0, due: bool = False, detail: str = "") -> CheckProgress:
    return CheckProgress(
        target=target,
        check=0,
        successes=successes,
        failures=failures,
        next_at=NOW if due else LATER,
        detail=detail,
    )


def kept(target: str) -> Apply:
    assert isinstance(APPLY, Apply)
    return replace(APPLY, targets=tuple(one for one in APPLY.targets if one.target == target))


def asleep(reason: Reason, detail: str, until: datetime) -> move.Sleep:
    return move.Sleep(until, WaitingOn(reason, detail, until))


assert isinstance(APPLY, Apply)
assert isinstance(PROBE, Probe)
assert isinstance(BAKE, Bake)

SCENARIOS: dict[str, tuple[Rollout, move.Move]] = {
    "a pending one starts": (rollout(State.PENDING), move.Start()),
    **{
        f"a {state} one rests": (rollout(state), move.Rest())
        for state in State
        if state not in (State.PENDING, State.RUNNING, State.REVERTING)
    },
    "an apply step is performed on all": (rollout(), move.Perform(APPLY, APPLY.targets)),
    "not on those that failed": (rollout(failures=(FAILED,)), move.Perform(APPLY, kept("web-2").targets)),
    "a begun one without outcome is recovered": (rollout(step=begun(0)), move.Recover(APPLY, APPLY.targets)),
    "only where the outcome is unknown": (
        rollout(step=begun(0, done=("web-1",))),
        move.Recover(APPLY, kept("web-2").targets),
    ),
    "a target that cannot be seen is looked at later": (
        rollout(step=replace(begun(0), again_at=LATER, note="no route")),
        asleep(Reason.UNREACHABLE, "how the change ended is not known on web-1, web-2: no route", LATER),
    ),
    "and looked at then": (rollout(step=replace(begun(0), again_at=NOW)), move.Recover(APPLY, APPLY.targets)),
    "an apply step ends when all are through": (rollout(step=begun(0, done=WEB)), move.End(APPLY)),
    "the record of the step before is not this one's": (rollout(cursor=1, step=begun(0)), move.Begin(PROBE, WEB)),
    "a record of another plan is not this one's": (
        rollout(step=replace(begun(0), plan="another")),
        move.Perform(APPLY, APPLY.targets),
    ),
    "a probe begins without those that failed": (
        rollout(cursor=1, failures=(FAILED,)),
        move.Begin(PROBE, ("web-2",)),
    ),
    "what is due is asked": (
        rollout(cursor=1, step=begun(1, check("web-1", due=True), check("web-2"))),
        move.Ask(PROBE, (check("web-1", due=True),)),
    ),
    "what is due is asked even at the deadline": (
        rollout(cursor=1, step=begun(1, check("web-1", due=True)), deadline=NOW),
        move.Ask(PROBE, (check("web-1", due=True),)),
    ),
    "nothing due is waited for": (
        rollout(cursor=1, step=begun(1, check("web-1"))),
        move.Sleep(LATER, WaitingOn(Reason.HEALTH, "web-1 not healthy yet")),
    ),
    "but not longer than to the deadline": (
        rollout(cursor=1, step=begun(1, check("web-1", detail="HTTP 503")), deadline=SOON),
        asleep(Reason.HEALTH, "web-1 not healthy yet: HTTP 503", SOON),
    ),
    "a probe ends when all have passed": (
        rollout(cursor=1, step=begun(1, check("web-1", 2), check("web-2", 2))),
        move.End(PROBE),
    ),
    "the answers of a failed target do not count": (
        rollout(cursor=1, step=begun(1, check("web-1"), check("web-2", 2)), failures=(FAILED,)),
        move.End(PROBE),
    ),
    "no health at the deadline is a failure": (
        rollout(cursor=1, step=begun(1, check("web-1", detail="HTTP 503"), check("web-2")), deadline=NOW),
        move.Fail("no progress for 10m, still not healthy: web-1: HTTP 503; web-2: no answer yet"),
    ),
    "while reverting the others go on": (
        rollout(State.REVERTING, 1, step=begun(1, check("web-1"), check("web-2", 2)), deadline=NOW),
        move.GiveUp(
            (
                TargetFailure(
                    target="web-1",
                    batch=1,
                    reason="health check http :8080/healthz did not pass in time on web-1: no answer yet",
                ),
            )
        ),
    ),
    "a bake begins": (rollout(cursor=2), move.Begin(BAKE)),
    "a bake takes its time": (
        rollout(cursor=2, step=begun(2)),
        asleep(Reason.TIME, "1m have to pass", NOW + timedelta(minutes=1)),
    ),
    "a bake ends": (
        rollout(cursor=2, step=replace(begun(2), started_at=NOW - timedelta(minutes=1))),
        move.End(BAKE),
    ),
    "after the last step it finishes": (rollout(cursor=3), move.Finish()),
    "failures within the budget are no failure": (rollout(cursor=3, failures=(FAILED,)), move.Finish()),
    "one more is": (rollout(failures=BOTH), move.Fail("web-1: no (the same on web-2) (2 failed in all, 1 may)")),
    "a revert goes on whatever fails": (
        rollout(State.REVERTING, failures=BOTH),
        move.Perform(APPLY, ()),
    ),
    "and tells at its end": (rollout(State.REVERTING, 3, failures=BOTH), move.Fail("web-1: no (the same on web-2)")),
    "a revert without failures finishes": (rollout(State.REVERTING, 3), move.Finish()),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_next_move(scenario: str) -> None:
    before, expected = SCENARIOS[scenario]
    assert next_move(before, PLAN, NOW) == expected


def test_under_continue_every_target_is_tried_and_failures_are_told_at_the_end() -> None:
    assert next_move(rollout(failures=BOTH), TOLERANT, NOW) == move.Perform(APPLY, ())
    assert next_move(rollout(cursor=3, failures=(FAILED,)), TOLERANT, NOW) == move.Fail("web-1: no")


@pytest.mark.parametrize(
    ("total", "per_batch", "batches", "fails"),
    [
        (0, 0, [], False),
        (0, 0, [1], True),
        (1, 1, [1], False),
        (1, 0, [1], True),
        (2, 1, [1, 2], False),
        (2, 1, [1, 1], True),
        (2, 3, [1, 2, 3], True),
    ],
)
def test_a_budget_is_what_is_allowed(total: int, per_batch: int, batches: list[int], fails: bool) -> None:
    policy = RolloutPolicy(name="p", failure_budget=FailureBudget(total=total, per_batch=per_batch))
    plan = replace(PLAN, unit=replace(PLAN.unit, policy=policy))
    failures = tuple(TargetFailure(target=f"t{n}", batch=batch, reason="no") for n, batch in enumerate(batches))
    assert isinstance(next_move(rollout(failures=failures), plan, NOW), move.Fail) == fails
