"""Whole rollouts on a simulated fleet and a real journal."""

from dataclasses import replace

import pytest

from reconciler.model.change import Action, Cause
from reconciler.model.policy import FailureBudget, OnFailure, RolloutPolicy
from reconciler.model.rollout import State
from reconciler.model.verdict import Verdict
from reconciler.simulate.world import Fault
from tests.factory import SHOP
from tests.sim import plans
from tests.sim.stage import Stage

WEB = ("web-1", "web-2", "web-3")


async def test_a_good_rollout_ends_with_a_verdict_a_snapshot_and_ownership(stage: Stage) -> None:
    unit = plans.shop("2", WEB)
    await stage.begin(plans.at_once(unit, action=Action.CREATE))
    ended = await stage.to_rest("r1")
    known = (await stage.store.standing()).of(SHOP)
    assert (ended.state, ended.reason, known.rollout, known.last) == (State.SUCCEEDED, "", None, ended)
    assert known.verdicts[unit.digest].verdict is Verdict.GOOD
    assert known.last_good is not None
    assert known.last_good.unit == unit
    assert [one.resource for one in known.owned.values()] == list(unit.resources)
    assert all(one.created for one in known.owned.values())
    assert stage.world.looks() == {name: {"thing:shop": {"version": "2"}} for name in WEB}


async def test_a_failed_health_check_quarantines_the_state_and_asks_for_a_revert(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB[:1])))
    failed = await stage.to_rest("r1")
    known = (await stage.store.standing()).of(SHOP)
    verdict = known.verdicts[failed.digest]
    reason = "health check http :8080/healthz failed on web-1: HTTP 500 (2)"
    assert (failed.state, failed.reason) == (State.REVERT_NEEDED, reason)
    assert (verdict.verdict, verdict.reason) == (Verdict.BAD, reason)
    assert known.last_good is not None
    assert known.last_good.unit.version == "1"


async def test_a_revert_brings_the_old_state_back_and_says_why(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    async with stage.clock.ticking():
        assert (await stage.driver().run("r1")).state is State.REVERT_NEEDED
        ended = await stage.driver().revert("r1", plans.at_once(plans.shop("1", WEB), Cause.REVERT))
    assert ended.state is State.REVERTED
    assert ended.reason.startswith("back at 1 (commit-): health check http :8080/healthz failed on web-1")
    assert stage.world.looks()["web-3"] == {"thing:shop": {"version": "1"}}
    known = (await stage.store.standing()).of(SHOP)
    assert {record.verdict for record in known.verdicts.values()} == {Verdict.GOOD, Verdict.BAD}


async def test_a_revert_that_fails_on_one_target_brings_the_others_back_and_never_reverts(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    async with stage.clock.ticking():
        await stage.driver().run("r1")
        stage.world.down = {"web-2"}
        ended = await stage.driver().revert("r1", plans.at_once(plans.shop("1", WEB), Cause.REVERT))
    assert ended.state is State.REVERT_FAILED
    assert "how the change on web-2 ended is not known: thing:shop on web-2 cannot be seen" in ended.reason
    assert ended.reason.endswith(
        ". Left half-way: web-1, web-3 back at 1 (commit-); web-2 not known. "
        "To look: reconciler explain shop@production"
    )
    assert [stage.world.looks()[name]["thing:shop"] for name in ("web-1", "web-3")] == [{"version": "1"}] * 2


@pytest.mark.parametrize(
    ("policy", "cause", "state", "verdict"),
    [
        (OnFailure.REVERT, Cause.COMMIT, State.REVERT_NEEDED, Verdict.BAD),
        (OnFailure.HOLD, Cause.COMMIT, State.HELD, Verdict.BAD),
        (OnFailure.CONTINUE, Cause.COMMIT, State.HELD, Verdict.BAD),
        (OnFailure.REVERT, Cause.DRIFT, State.HELD, None),
        (OnFailure.REVERT, Cause.REVERT, State.HELD, None),
    ],
)
async def test_where_a_failure_leads_is_what_policy_and_cause_say(
    stage: Stage, policy: OnFailure, cause: Cause, state: State, verdict: Verdict | None
) -> None:
    stage.world.faults = {"web-1": [Fault.REFUSED]}
    unit = plans.shop("2", WEB, RolloutPolicy(name="p", on_failure=policy))
    await stage.begin(plans.at_once(unit, cause))
    ended = await stage.to_rest("r1")
    known = (await stage.store.standing()).of(SHOP)
    half_way = ". Left half-way: web-2, web-3 at 2 (commit-); web-1 as before"
    partly = half_way if state is State.HELD and cause is Cause.COMMIT else ""
    assert (ended.state, ended.reason) == (state, f"web-1 refused: the disk is full{partly}")
    assert [record.verdict for record in known.verdicts.values()] == ([verdict] if verdict else [])
    assert known.failed_heals == (0 if cause is Cause.COMMIT else 1)


async def test_a_target_that_failed_is_neither_probed_nor_owned(stage: Stage) -> None:
    stage.world.faults = {"web-1": [Fault.REFUSED]}
    policy = RolloutPolicy(name="p", failure_budget=FailureBudget(total=1, per_batch=1))
    await stage.begin(plans.at_once(plans.shop("2", WEB, policy)))
    ended = await stage.to_rest("r1")
    assert (ended.state, ended.reason) == (State.SUCCEEDED, "done but for web-1 refused: the disk is full")
    assert ("check", "web-1") not in stage.world.calls
    known = (await stage.store.standing()).of(SHOP)
    assert {one.target for one in known.owned} == {"web-2", "web-3"}


async def test_continue_goes_on_to_every_other_target_and_ends_held_with_the_list(stage: Stage) -> None:
    stage.world.faults = {"web-1": [Fault.REFUSED], "web-3": [Fault.REFUSED]}
    unit = plans.shop("2", WEB, RolloutPolicy(name="p", on_failure=OnFailure.CONTINUE))
    await stage.begin(plans.rolling(unit))
    ended = await stage.to_rest("r1")
    assert ended.state is State.HELD
    assert ended.reason == (
        "web-1 refused: the disk is full (the same on web-3). "
        "Left half-way: web-2 at 2 (commit-); web-1, web-3 as before"
    )
    assert list(stage.world.looks()) == ["web-2"]


async def test_no_health_in_time_names_what_was_waited_for(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    timing = replace(plans.CHECK.timing, failure_threshold=10_000)
    unit = replace(plans.shop("2", WEB[:1]), health=(replace(plans.CHECK, timing=timing),))
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(unit))
    failed = await stage.to_rest("r1")
    assert failed.state is State.REVERT_NEEDED
    assert failed.reason == "no progress for 10m, still not healthy: web-1: HTTP 500 (2)"
    assert failed.updated_at - failed.started_at == unit.policy.progress_deadline


async def test_a_revert_that_does_not_become_healthy_in_time_has_failed(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    stage.world.unhealthy = {"1", "2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    timing = replace(plans.CHECK.timing, failure_threshold=10_000)
    old = replace(plans.shop("1", WEB), health=(replace(plans.CHECK, timing=timing),))
    async with stage.clock.ticking():
        await stage.driver().run("r1")
        begun = stage.clock.now()
        ended = await stage.driver().revert("r1", plans.at_once(old, Cause.REVERT))
    assert ended.state is State.REVERT_FAILED
    assert "did not pass in time on web-1: HTTP 500 (1)" in ended.reason
    assert ended.updated_at - begun == old.policy.revert_within
