"""What people say to a rollout, and that it listens at once, whatever it waits for."""

import asyncio
from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.plan import Drain, Step
from reconciler.model.rollout import Decided, State, Trigger
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from tests.execute.test_driver import until
from tests.execute.test_traffic_and_waits import ERRORS, HOOK, WEB, began, decision, driven, waiting_for
from tests.factory import SHOP
from tests.sim import plans
from tests.sim.stage import Stage


async def test_an_approval_takes_different_people_who_may(stage: Stage) -> None:
    wait = AwaitApproval(2, ("ann", "bob", "eve"), timedelta(hours=2))
    plan = await began(stage, plans.canary(plans.shop("2", WEB), wait))
    await waiting_for(stage, Reason.APPROVAL)
    rollout = (await stage.store.load("r1"))[0]
    driver = stage.driver()
    for author in ("ann", "ann", "mallory"):
        await driver.decide("r1", decision(plan, rollout.cursor, Decided.APPROVE, author))
    still = (await stage.store.load("r1"))[0]
    assert still.waiting
    assert still.waiting.detail == (
        "it needs 2 approvals of ann, bob, eve, 1 so far (ann): reconciler approve shop@production"
    )
    await driver.decide("r1", decision(plan, rollout.cursor, Decided.APPROVE, "bob"))
    async with stage.clock.ticking():
        assert (await driver.run("r1")).state is State.SUCCEEDED


@pytest.mark.parametrize("wait", [AwaitPromotion(timedelta(hours=1)), AwaitApproval(within=timedelta(hours=1))])
async def test_nobody_who_comes_in_time_is_a_failure(stage: Stage, wait: AwaitPromotion | AwaitApproval) -> None:
    ended = await driven(stage, plans.canary(plans.shop("2", WEB), wait))
    assert ended.state is State.REVERT_NEEDED
    assert ended.reason in ("no promotion within 1h", "no approval within 1h")


async def test_promoting_fully_skips_every_wait_and_no_look(stage: Stage) -> None:
    waits = (Bake(timedelta(days=2)), Analyse((ERRORS,)), AwaitPromotion(), HOOK)
    plan = await began(stage, plans.canary(plans.shop("2", WEB), *waits))
    await waiting_for(stage, Reason.TIME)
    cursor, begun = (await stage.store.load("r1"))[0].cursor, stage.clock.now()
    checks = stage.world.calls.count(("check", "web-3"))
    async with stage.clock.ticking():
        driver = stage.driver()
        await driver.decide("r1", decision(plan, cursor, Decided.PROMOTE_FULLY))
        ended = await driver.run("r1")
    assert ended.state is State.SUCCEEDED
    assert ended.updated_at - begun < timedelta(minutes=2)
    assert stage.world.calls.count(("check", "web-3")) > checks
    assert stage.hooks.called == []


async def test_a_person_takes_it_back_and_that_is_a_verdict(stage: Stage) -> None:
    await began(stage, plans.canary(plans.shop("2", WEB), AwaitPromotion()))
    await waiting_for(stage, Reason.PROMOTION)
    await stage.driver().stop("r1", Trigger.TAKE_BACK, "aborted by ann: it smells")
    rollout = (await stage.store.load("r1"))[0]
    verdict = (await stage.store.standing()).of(SHOP).verdicts[rollout.digest]
    assert (rollout.state, rollout.reason) == (State.REVERT_NEEDED, "aborted by ann: it smells")
    assert (verdict.verdict, verdict.reason) == (Verdict.BAD, "aborted by ann: it smells")


@pytest.mark.parametrize("cause", [Cause.COMMIT, Cause.DRIFT])
async def test_taking_back_what_has_not_begun_ends_it(stage: Stage, cause: Cause) -> None:
    await stage.begin(plans.at_once(plans.shop("2", WEB), cause))
    await stage.driver().stop("r1", Trigger.TAKE_BACK, "aborted by ann: no")
    assert (await stage.store.load("r1"))[0].state is State.ABORTED


WAITS = [
    (Drain(3, ("web-1",), timedelta(hours=1)), Reason.TRAFFIC),
    (Bake(timedelta(hours=1)), Reason.TIME),
    (Analyse((ERRORS,)), Reason.ANALYSIS),
    (AwaitPromotion(), Reason.PROMOTION),
    (AwaitApproval(), Reason.APPROVAL),
    (HOOK, Reason.HOOK),
]


@pytest.mark.parametrize(("step", "reason"), WAITS, ids=[reason.value for _, reason in WAITS])
@pytest.mark.parametrize(
    ("trigger", "state"),
    [
        (Trigger.SUPERSEDE, State.SUPERSEDED),
        (Trigger.ABORT, State.ABORTED),
        (Trigger.TAKE_BACK, State.REVERT_NEEDED),
        (Trigger.PAUSE, State.PAUSED),
    ],
)
async def test_whatever_it_waits_for_it_is_told_at_once(
    stage: Stage, step: Step, reason: Reason, trigger: Trigger, state: State
) -> None:
    stage.hooks.refused = {"http://ask/": "not yet"}
    unit = plans.shop("2", WEB)
    await began(stage, plans.routed(plans.plan(unit, [*plans.batch(unit, 1, WEB[:1]), step])))
    await waiting_for(stage, reason)
    driver = stage.driver()
    running = asyncio.create_task(driver.run("r1"))
    await until(lambda: stage.clock.sleepers >= 2)
    before = stage.clock.now()
    await driver.stop("r1", trigger, "somebody said so")
    told = await running
    assert (told.state, told.updated_at, told.waiting) == (state, before, None)


async def test_a_pause_costs_a_wait_for_a_person_nothing_but_time(stage: Stage) -> None:
    plan = await began(stage, plans.canary(plans.shop("2", WEB), AwaitPromotion()))
    await waiting_for(stage, Reason.PROMOTION)
    cursor = (await stage.store.load("r1"))[0].cursor
    driver = stage.driver()
    await driver.stop("r1", Trigger.PAUSE, "paused by ann: lunch")
    await driver.decide("r1", decision(plan, cursor, Decided.PROMOTE))
    assert (await stage.store.load("r1"))[0].decisions == ()
    stage.clock.jump(stage.clock.now() + timedelta(days=3))
    await driver.stop("r1", Trigger.RESUME, "resumed")
    waiting = (await stage.store.load("r1"))[0].waiting
    assert waiting is not None
    assert waiting.reason is Reason.PROMOTION
    await driver.decide("r1", decision(plan, cursor, Decided.PROMOTE))
    await driver.decide("r1", decision(plan, cursor, Decided.PROMOTE))
    assert len((await stage.store.load("r1"))[0].decisions) == 1


async def test_a_revert_is_not_taken_back_by_a_person(stage: Stage) -> None:
    stage.world.unhealthy = {"2"}
    await began(stage, plans.at_once(plans.shop("2", WEB)))
    failed = await stage.to_rest("r1")
    await stage.driver().stop("r1", Trigger.TAKE_BACK, "aborted by ann: no")
    assert (await stage.store.load("r1"))[0] == failed
