"""Who was only drained when a rollout ends half-way gets requests again; who has failed, or was left out, does not."""

from dataclasses import replace

import pytest

from reconciler.execute.given_back import given_back
from reconciler.execute.steps import availability
from reconciler.model.change import Cause
from reconciler.model.plan import Apply, Plan, Shift
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.traffic import Share
from tests import factory as f
from tests.plan.travel import case, plan_of

ROLLING = case(
    {
        "strategy": {"rolling": {"batchSize": 1}},
        "targets": 3,
        "routing": dict.fromkeys(("web-1", "web-2", "web-3"), 100),
    }
)
CANARY = case(
    {
        "strategy": {"canary": {"steps": [{"setTargets": 1}, {"setWeight": 10}]}},
        "targets": 3,
        "routing": ROLLING.routing,
    }
)
REFUSED = (TargetFailure(target="web-1", batch=1, reason="the disk is full"),)


def ends(plan: Plan, cursor: int, state: State = State.HELD, **more) -> dict[str, int]:
    """Return the weights at an end in the middle of that step."""
    weights = more.pop("weights")
    step = StepRecord(plan=plan.id, index=cursor, state=StepState.STARTED, attempt=1, started_at=f.NOW)
    rollout = Rollout(
        id="r", unit=plan.unit_id, cause=Cause.COMMIT, commit="c", version="2", digest="d", state=state,
        forward=plan.id, plan=plan.id, cursor=cursor, step=step, started_at=f.NOW, updated_at=f.NOW,
        routing=tuple(Share(server, weight) for server, weight in weights.items()), **more,
    )  # fmt: skip
    return {share.server: share.weight for share in given_back(rollout, plan)}


DRAINED = {"web-1": 0, "web-2": 100, "web-3": 100}
ALL = {"web-1": 100, "web-2": 100, "web-3": 100}


@pytest.mark.parametrize("state", [State.HELD, State.ABORTED, State.SUPERSEDED])
def test_who_was_only_drained_gets_requests_back(state):
    assert ends(plan_of(ROLLING), 1, state, weights=DRAINED) == ALL


def test_a_host_that_refused_is_as_before_and_gets_requests_back():
    assert ends(plan_of(ROLLING), 1, weights=DRAINED, failures=REFUSED) == ALL


@pytest.mark.parametrize(
    "more",
    [{"failures": REFUSED, "changed": ("web-1",)}, {"failures": (replace(REFUSED[0], known=False),)}],
    ids=["what is new there failed", "nobody knows what is there"],
)
def test_who_is_ill_gets_none_while_others_serve(more):
    assert ends(plan_of(ROLLING), 2, weights=DRAINED, **more) == DRAINED


def test_where_nobody_is_left_all_get_requests():
    ill = tuple(TargetFailure(target=name, batch=1, reason="HTTP 500") for name in ALL)
    weights = dict.fromkeys(ALL, 0)
    assert ends(plan_of(ROLLING), 2, weights=weights, failures=ill, changed=tuple(ALL)) == ALL


def test_what_a_step_left_without_requests_on_purpose_stays_so():
    plan = plan_of(CANARY)
    cursor = next(index for index, step in enumerate(plan.steps) if isinstance(step, Shift))
    assert {share.weight for share in plan.steps[cursor].shares if share.server == "web-1"} == {0}
    assert ends(plan, cursor, weights=DRAINED) == DRAINED


def test_a_rollout_that_succeeded_has_said_it_all():
    assert ends(plan_of(ROLLING), 1, State.SUCCEEDED, weights=DRAINED) == DRAINED


def test_a_revert_as_a_rollout_of_its_own_is_not_kept_by_the_budget():
    strategy = {"rolling": {"batchSize": 3, "maxUnavailable": 1}}
    forward = plan_of(case({"strategy": strategy, "targets": 3, "revert": "all-at-once"}))
    back = plan_of(case({"strategy": strategy, "targets": 3, "revert": "all-at-once", "cause": "revert"}))
    rollout = Rollout(
        id="r", unit=back.unit_id, cause=Cause.REVERT, commit="c", version="1", digest="d", state=State.RUNNING,
        forward=back.id, plan=back.id, started_at=f.NOW, updated_at=f.NOW,
    )  # fmt: skip
    everybody = next(step for step in back.steps if isinstance(step, Apply))
    assert len(everybody.targets) == 3
    assert availability.forbidden(rollout, back, everybody) is None
    assert availability.forbidden(rollout, forward, everybody) is not None
