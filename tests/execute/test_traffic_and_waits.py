"""Rollouts with load balancers, figures, people and hooks, on a simulated fleet and a real journal."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.analysis import Analysis, HttpQuery, Query
from reconciler.model.change import Cause
from reconciler.model.event import Measured, Routed, StepEnded
from reconciler.model.plan import Confirm, Drain, Mirror, Plan, Shift, Stop
from reconciler.model.policy import RolloutPolicy
from reconciler.model.rollout import Decided, Decision, Rollout, State, Trigger
from reconciler.model.step import Analyse, AwaitPromotion, Bake, CallHook, HttpHook
from reconciler.model.traffic import Share
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from reconciler.ports.errors import Unreachable
from reconciler.ports.metrics import NoData, Reading, Value
from tests.execute.test_driver import until
from tests.factory import NOW, SHOP, tier
from tests.sim import plans
from tests.sim.plans import SECOND
from tests.sim.stage import Stage

WEB = ("web-1", "web-2", "web-3")
ERRORS = Analysis(
    name="errors", query=HttpQuery(url="http://m/", value="$.v"), count=3, interval=10 * SECOND, success="result < 5.0"
)
HOOK = CallHook(HttpHook(url="http://ask/"))


async def began(stage: Stage, plan: Plan) -> Plan:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    await stage.begin(plan)
    return plan


async def driven(stage: Stage, plan: Plan) -> Rollout:
    await began(stage, plan)
    async with stage.clock.ticking():
        return await stage.driver().run("r1")


def decision(plan: Plan, index: int, decided: Decided, author: str = "ann") -> Decision:
    return Decision(
        rollout="r1",
        plan=plan.id,
        index=index,
        decided=decided,
        author=author,
        reason="I looked",
        at=NOW + timedelta(hours=1),
    )


async def waiting_for(stage: Stage, reason: Reason) -> None:
    """Let time pass by itself until the rollout waits for that."""
    stepper, lease = stage.stepper(), await stage.lease("r1")
    while True:
        rollout = await stepper.advance("r1", lease)
        if rollout.waiting and rollout.waiting.reason is reason:
            await stage.store.break_leases()
            return
        if rollout.wake_at:
            stage.clock.jump(rollout.wake_at)


async def test_a_canary_drains_changes_measures_waits_and_gives_the_requests_back(stage: Stage) -> None:
    unit = plans.shop("2", WEB)
    plan = await began(stage, plans.canary(unit, Analyse((ERRORS,)), AwaitPromotion()))
    await waiting_for(stage, Reason.PROMOTION)
    rollout = (await stage.store.load("r1"))[0]
    assert {one.server: one.weight for one in rollout.routing} == {"web-1": 10, "web-2": 90, "web-3": 90}
    assert stage.routers.weight("lb-2", "web-1") == 10
    assert [one.target for one in stage.world.effects[3:]] == ["web-1"]
    async with stage.clock.ticking():
        driver = stage.driver()
        await driver.decide("r1", decision(plan, rollout.cursor, Decided.PROMOTE))
        ended = await driver.run("r1")
    assert (ended.state, ended.reason) == (State.SUCCEEDED, "")
    assert {one["thing:shop"]["version"] for one in stage.world.looks().values()} == {"2"}  # type: ignore[index]
    assert {stage.routers.weight(lb, web) for lb in ("lb-1", "lb-2") for web in WEB} == {100}
    assert (await stage.store.standing()).of(SHOP).routing == tuple(Share(one, 100) for one in WEB)
    events = [one.event for one in await stage.store.history.of_unit(SHOP)]
    assert len([one for one in events if isinstance(one, Measured)]) == 3
    assert len([one for one in events if isinstance(one, Routed)]) == 1
    drained = next(one for one in events if isinstance(one, StepEnded) and one.what.startswith("drain"))
    assert drained.detail == "no request is under way there any more"


async def test_bad_figures_are_a_failure_with_the_evidence(stage: Stage) -> None:
    stage.metrics.answer = lambda _: Value(7.2)
    ended = await driven(stage, plans.canary(plans.shop("2", WEB), Analyse((ERRORS,))))
    verdict = (await stage.store.standing()).of(SHOP).verdicts[ended.digest]
    assert (ended.state, verdict.verdict) == (State.REVERT_NEEDED, Verdict.BAD)
    assert "7.2" in ended.reason


async def test_nobody_can_be_asked_for_figures_and_that_is_no_success(stage: Stage) -> None:
    def away(_: Query) -> Reading:
        raise Unreachable("no route to the monitoring")

    stage.metrics.answer = away
    ended = await driven(stage, plans.canary(plans.shop("2", WEB), Analyse((ERRORS,))))
    assert ended.state is State.REVERT_NEEDED
    assert "no route to the monitoring" in ended.reason


@pytest.mark.parametrize(
    ("decided", "state"), [(Decided.PROMOTE, State.SUCCEEDED), (Decided.REJECT, State.REVERT_NEEDED)]
)
async def test_figures_that_say_nothing_wait_for_a_person(stage: Stage, decided: Decided, state: State) -> None:
    stage.metrics.answer = lambda _: NoData("no series")
    plan = await began(stage, plans.canary(plans.shop("2", WEB), Analyse((ERRORS,))))
    await waiting_for(stage, Reason.UNCLEAR)
    async with stage.clock.ticking():
        driver = stage.driver()
        await driver.decide("r1", decision(plan, (await stage.store.load("r1"))[0].cursor, decided))
        assert (await driver.run("r1")).state is state


async def test_a_hook_is_asked_again_with_the_same_key_until_it_has_said_no_too_often(stage: Stage) -> None:
    stage.hooks.refused = {"http://ask/": "not on a Friday"}
    ended = await driven(stage, plans.canary(plans.shop("2", WEB), HOOK))
    assert ended.state is State.REVERT_NEEDED
    assert "the hook POST http://ask/ has not said yes" in ended.reason
    assert len(stage.hooks.called) == 3
    assert len(set(stage.hooks.called)) == 1


async def test_a_load_balancer_that_is_away_is_tried_until_the_deadline_and_told(stage: Stage) -> None:
    stage.routers.away = {"lb-2"}
    ended = await driven(stage, plans.canary(plans.shop("2", WEB)))
    assert ended.state is State.REVERT_NEEDED
    assert ended.reason == ("the requests could not be sent as planned in time: cannot reach lb-2: no route to host")
    assert [one.target for one in stage.world.effects] == list(WEB)


async def test_a_load_balancer_that_comes_back_costs_some_time(stage: Stage) -> None:
    stage.routers.away = {"lb-2"}
    await began(stage, plans.canary(plans.shop("2", WEB)))
    await waiting_for(stage, Reason.TRAFFIC)
    rollout = (await stage.store.load("r1"))[0]
    assert rollout.waiting
    assert rollout.waiting.detail == "cannot reach lb-2: no route to host"
    stage.routers.away = set()
    async with stage.clock.ticking():
        assert (await stage.driver().run("r1")).state is State.SUCCEEDED


async def test_requests_that_do_not_end_are_cut_and_counted(stage: Stage) -> None:
    unit = plans.shop("2", WEB)
    plan = plans.routed(plans.plan(unit, [Drain(1, ("web-1",), SECOND), *plans.batch(unit, 1, WEB[:1])]))
    ended = await driven(stage, plan)
    events = [one.event for one in await stage.store.history.of_unit(SHOP)]
    drained = next(one for one in events if isinstance(one, StepEnded) and one.what.startswith("drain"))
    assert ended.state is State.SUCCEEDED
    assert drained.detail == "the time is over; cut: 10 requests under way to web-1"


async def test_a_load_balancer_that_is_away_while_the_rollout_waits_is_told_of_until_it_is_back(stage: Stage) -> None:
    await began(stage, plans.canary(plans.shop("2", WEB), AwaitPromotion()))
    await waiting_for(stage, Reason.PROMOTION)
    stepper, lease = stage.stepper(), await stage.lease("r1")

    async def upheld() -> str:
        rollout, plan = await stage.store.load("r1")
        await stepper.uphold(rollout, plan, lease)
        return (await stage.store.load("r1"))[0].not_upheld

    assert not await upheld()
    stage.routers.away.add("lb-1")
    assert "lb-1" in await upheld()
    assert "lb-1" in await upheld()
    stage.routers.away.clear()
    assert not await upheld()


async def test_what_a_reloaded_load_balancer_forgets_it_is_told_again_while_the_rollout_waits(stage: Stage) -> None:
    await began(stage, plans.canary(plans.shop("2", WEB), AwaitPromotion()))
    await waiting_for(stage, Reason.PROMOTION)
    writes = 0

    def count() -> None:
        nonlocal writes
        writes += 1

    driver = stage.driver()
    running = asyncio.create_task(driver.run("r1"))
    await until(lambda: stage.clock.sleepers >= 2)
    stage.log.after = count
    stage.routers.reload("lb-1")
    for _ in range(4):
        stage.clock.jump(stage.clock.now() + timedelta(seconds=6))
        sleepers = stage.clock.sleepers
        await until(lambda sleepers=sleepers: stage.clock.sleepers > sleepers)  # type: ignore[misc]
    assert stage.routers.weight("lb-1", "web-1") == 10
    assert writes == 1
    await driver.stop("r1", Trigger.SUPERSEDE, "Git now says 3")
    assert (await running).state is State.SUPERSEDED
    assert (await stage.store.standing()).of(SHOP).routing[0] == Share("web-1", 10)


async def test_figures_beside_the_rollout_fail_it_while_it_waits(stage: Stage) -> None:
    beside = replace(ERRORS, count=None, name="beside")
    plan = replace(plans.canary(plans.shop("2", WEB), Bake(timedelta(hours=1))), background=(beside,))
    begun = stage.clock.now()
    stage.metrics.answer = lambda _: Value(9.0 if stage.clock.now() - begun > timedelta(minutes=5) else 0.0)
    ended = await driven(stage, plan)
    assert ended.state is State.REVERT_NEEDED
    assert ended.reason.startswith("analysis beside: ")
    assert ended.updated_at - begun < timedelta(minutes=6)


async def test_figures_beside_the_rollout_that_say_nothing_keep_it_from_the_next_step(stage: Stage) -> None:
    beside = replace(ERRORS, count=None, name="beside")
    plan = replace(plans.canary(plans.shop("2", WEB), Bake(timedelta(minutes=1))), background=(beside,))
    stage.metrics.answer = lambda _: NoData("no series")
    await began(stage, plan)
    await waiting_for(stage, Reason.UNCLEAR)
    rollout = (await stage.store.load("r1"))[0]
    stage.metrics.answer = lambda _: Value(0.0)
    async with stage.clock.ticking():
        driver = stage.driver()
        said = replace(decision(plan, rollout.cursor, Decided.PROMOTE), at=stage.clock.now())
        await driver.decide("r1", said)
        assert (await driver.run("r1")).state is State.SUCCEEDED


async def test_a_second_look_that_finds_something_else_fails_the_step_with_it(stage: Stage) -> None:
    await began(stage, plans.canary(plans.shop("2", WEB), AwaitPromotion()))
    await waiting_for(stage, Reason.PROMOTION)
    stage.world.state["web-1"] = {one.id: one for one in plans.shop("0", WEB[:1]).resources}
    plan = (await stage.store.load("r1"))[1]
    async with stage.clock.ticking():
        driver = stage.driver()
        await driver.decide("r1", decision(plan, 4, Decided.PROMOTE))
        ended = await driver.run("r1")
    assert ended.state is State.REVERT_NEEDED
    assert ended.reason == "thing:shop on web-1 is no longer as it was put there (version)"


async def test_a_revert_goes_on_without_a_load_balancer_and_says_so_at_the_end(stage: Stage) -> None:
    await driven(stage, plans.canary(plans.shop("2", WEB), Mirror(("web-1",), 5), AwaitPromotion(SECOND)))
    stage.routers.away = {"lb-1"}
    old = plans.shop("1", WEB)
    back = [
        Shift((Share("web-1", 0), Share("web-2", 100), Share("web-3", 100))),
        *plans.batch(old, 1, WEB[:1]),
        Shift(tuple(Share(one, 100) for one in WEB)),
    ]
    async with stage.clock.ticking():
        ended = await stage.driver().revert("r1", plans.routed(plans.plan(old, back, Cause.REVERT)))
    assert ended.state is State.REVERT_FAILED
    assert stage.world.looks()["web-1"] == {"thing:shop": {"version": "1"}}
    assert "cannot reach lb-1" in ended.reason


async def test_stopping_first_is_a_transaction_like_any_other(stage: Stage) -> None:
    unit = plans.shop("2", WEB)
    stops = tuple(replace(plans.changing(unit, name), changes=()) for name in WEB)
    ended = await driven(stage, plans.plan(unit, [Stop(1, stops), *plans.batch(unit, 1, WEB)]))
    assert ended.state is State.SUCCEEDED
    assert len(stage.world.effects) == 9


async def test_no_more_targets_are_taken_out_of_service_than_may_be(stage: Stage) -> None:
    left_out = (plans.LeftOut("web-3", "no route"),)
    unit = plans.shop("2", WEB, RolloutPolicy(name="p"))
    plan = replace(
        plans.plan(unit, plans.batch(unit, 1, WEB[:1]), left_out=left_out), tiers=(tier(*WEB, may_be_down=1),)
    )
    ended = await driven(stage, plan)
    assert ended.state is State.REVERT_NEEDED
    assert ended.reason == (
        "2 targets would be out of service at once, 1 may be: "
        "this batch (1: web-1) and 1 that could not be seen (web-3)"
    )
    assert len(stage.world.effects) == 3


async def test_a_second_look_is_taken_again_where_nobody_answers_and_is_not_for_ever(stage: Stage) -> None:
    unit = plans.shop("2", WEB)
    await began(stage, plans.plan(unit, [*plans.batch(unit, 1, WEB), Bake(SECOND), Confirm(1, WEB)]))
    await waiting_for(stage, Reason.TIME)
    stage.world.down = {"web-2"}
    async with stage.clock.ticking():
        ended = await stage.driver().run("r1")
    assert ended.state is State.REVERT_NEEDED
    assert ended.reason == "web-2 cannot be looked at again: web-2: thing:shop: cannot reach web-2"


async def test_a_hook_that_agrees_is_quoted_in_the_journal(stage: Stage) -> None:
    ended = await driven(stage, plans.canary(plans.shop("2", WEB), HOOK))
    events = [one.event for one in await stage.store.history.of_unit(SHOP)]
    called = next(one for one in events if isinstance(one, StepEnded) and one.what.startswith("call"))
    assert (ended.state, called.detail) == (State.SUCCEEDED, "yes")
