"""Requests are never sent to those alone that have failed, while others serve."""

from dataclasses import replace

import pytest

from reconciler.execute import moves as move
from reconciler.execute.move import next_move
from reconciler.model.plan import Shift
from reconciler.model.policy import FailureBudget, OnFailure, RolloutPolicy
from reconciler.model.rollout import State, TargetFailure
from reconciler.model.traffic import Share
from tests.factory import NOW
from tests.sim import plans

OLD, NEW = "web-1", "web-2"
SWITCH = Shift((Share(OLD, 0), Share(NEW, 100)), "all to b")
FAILED = TargetFailure(target=NEW, batch=1, reason="web-2: no")
WHY = "the requests stay with web-1: web-2 failed"
SERVES = (Share(OLD, 100), Share(NEW, 0))


@pytest.mark.parametrize(
    ("state", "routing", "expected"),
    [
        (State.RUNNING, SERVES, move.Fail(WHY)),
        (
            State.REVERTING,
            SERVES,
            move.PassOver(SWITCH, TargetFailure(target="lb-1, lb-2", batch=0, reason=WHY)),
        ),
        # Nobody else is left: the one that failed is asked at least.
        (State.RUNNING, (Share(NEW, 100),), move.Begin(SWITCH)),
        (State.RUNNING, (), move.Begin(SWITCH)),
    ],
    ids=["forward", "on the way back", "nobody else serves", "nobody knows who serves"],
)
def test_a_switch_to_a_side_that_failed_within_the_budget_is_not_made(state, routing, expected):
    policy = RolloutPolicy(name="p", failure_budget=FailureBudget(1, 1), on_failure=OnFailure.CONTINUE)
    plan = plans.routed(plans.plan(plans.shop("2", (OLD, NEW), policy), [SWITCH]))
    rollout = replace(plans.pending(plan, "r1", NOW), state=state, failures=(FAILED,), routing=routing)
    assert next_move(rollout, plan, NOW) == expected


def test_a_switch_to_a_side_of_which_somebody_does_well_is_made():
    plan = plans.routed(plans.plan(plans.shop("2", (OLD, NEW)), [SWITCH]))
    rollout = replace(plans.pending(plan, "r1", NOW), state=State.RUNNING, routing=SERVES)
    assert next_move(rollout, plan, NOW) == move.Begin(SWITCH)
