"""Driving rollouts: stops, pauses, shutdown, leases and a journal that fails."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.event import StepStarted
from reconciler.model.rollout import Rollout, State, Trigger
from reconciler.model.target import Host
from reconciler.ports.journal import JournalUnavailable, LeaseLost
from reconciler.ports.targets import Transaction
from reconciler.simulate.world import Fault, SimWorld
from tests.sim import plans
from tests.sim.log import nothing
from tests.sim.stage import Stage

WEB = ("web-1", "web-2")
PAUSE = timedelta(hours=1)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a level; the test's time limit is the limit."""
    while not holds():  # noqa: ASYNC110 - it is a level, and nobody announces it
        await asyncio.sleep(0)


async def baking(stage: Stage) -> None:
    """Begin a rollout in two batches and come to the hour between them."""
    await stage.begin(plans.rolling(plans.shop("2", WEB), PAUSE))
    stepper, lease = stage.stepper(), await stage.lease("r1")
    while True:
        rollout = await stepper.advance("r1", lease)
        if rollout.cursor == 2 and rollout.wake_at:
            return
        if rollout.wake_at:
            stage.clock.jump(rollout.wake_at)


@pytest.mark.parametrize(
    ("trigger", "state", "where"),
    [
        (Trigger.SUPERSEDE, State.SUPERSEDED, ". Left half-way: web-1 at 2 (commit-); web-2 as before"),
        (Trigger.ABORT, State.ABORTED, ". Left half-way: web-1 at 2 (commit-); web-2 as before"),
        (Trigger.PAUSE, State.PAUSED, ""),
    ],
)
async def test_a_stop_ends_a_wait_at_once_and_nothing_is_applied_after_it(
    stage: Stage, trigger: Trigger, state: State, where: str
) -> None:
    await baking(stage)
    driver = stage.driver()
    running = asyncio.create_task(driver.run("r1"))
    await until(lambda: stage.clock.sleepers >= 2)
    before = stage.clock.now()
    await driver.stop("r1", trigger, "somebody said so")
    stopped = await running
    assert (stopped.state, stopped.reason, stopped.updated_at) == (state, f"somebody said so{where}", before)
    assert [one.target for one in stage.world.effects] == ["web-1"]


async def test_a_stop_of_a_rollout_that_nobody_drives_takes_effect_by_itself(stage: Stage) -> None:
    await baking(stage)
    await stage.driver().stop("r1", Trigger.SUPERSEDE, "Git now says 3")
    rollout, _ = await stage.store.load("r1")
    assert rollout.state is State.SUPERSEDED


async def test_a_stop_that_came_too_late_is_moot(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    await stage.driver().stop("r0", Trigger.ABORT, "too late")
    rollout, _ = await stage.store.load("r0")
    assert rollout.state is State.SUCCEEDED


async def test_only_signals_can_be_told(stage: Stage) -> None:
    await stage.begin(plans.at_once(plans.shop("1", WEB)))
    with pytest.raises(ValueError, match="cannot be told to finish"):
        await stage.driver().stop("r1", Trigger.FINISH, "please")


async def test_a_pause_lasts_as_long_as_a_person_wants_and_costs_no_deadline(stage: Stage) -> None:
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    stepper, lease = stage.stepper(), await stage.lease("r1")
    rollout = (await stage.store.load("r1"))[0]
    while rollout.cursor == 0 or rollout.deadline is None:
        rollout = await stepper.advance("r1", lease)
    driver = stage.driver()
    await driver.stop("r1", Trigger.PAUSE, "paused by ann: lunch")
    paused = await driver.run("r1")
    assert (paused.state, paused.deadline, paused.wake_at) == (State.PAUSED, None, None)
    asked = len(stage.world.calls)
    stage.clock.jump(stage.clock.now() + timedelta(days=3))
    assert (await driver.run("r1")).state is State.PAUSED
    assert len(stage.world.calls) == asked
    async with stage.clock.ticking():
        ended = await driver.resume("r1", "back from lunch")
    assert ended.state is State.SUCCEEDED


async def test_a_pause_of_a_revert_keeps_the_reason_and_needs_a_new_plan_after(stage: Stage) -> None:
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    failed = await stage.to_rest("r1")
    driver = stage.driver()
    await driver.stop("r1", Trigger.PAUSE, "paused by ann: let me look")
    paused = await driver.run("r1")
    resumed = await driver.resume("r1", "resumed")
    assert [paused.state, resumed.state] == [State.REVERT_PAUSED, State.REVERT_NEEDED]
    assert paused.reason == resumed.reason == failed.reason


async def test_a_stop_that_comes_while_the_plan_of_a_revert_is_stored_is_not_lost(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    assert (await stage.to_rest("r1")).state is State.REVERT_NEEDED
    driver, effects, stops = stage.driver(), len(stage.world.effects), []

    def stopped() -> None:
        stage.log.after = nothing
        stops.append(asyncio.create_task(driver.stop("r1", Trigger.PAUSE, "paused by ann: wait")))

    stage.log.after = stopped
    async with stage.clock.ticking():
        paused = await driver.revert("r1", plans.at_once(plans.shop("1", WEB), Cause.REVERT))
        await asyncio.gather(*stops)
    assert (paused.state, len(stage.world.effects)) == (State.REVERT_PAUSED, effects)


async def test_a_revert_that_is_impossible_is_held_with_both_reasons(stage: Stage) -> None:
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB[:1])))
    failed = await stage.to_rest("r1")
    await stage.driver().stop("r1", Trigger.NO_REVERT, "no last known good state")
    held, _ = await stage.store.load("r1")
    assert held.state is State.HELD
    assert held.reason == f"{failed.reason}; not taken back: no last known good state"


async def test_a_transaction_is_finished_before_a_stop_or_a_shutdown_takes_effect(stage: Stage) -> None:
    world = stage.world = SlowWorld(stage.clock)
    await stage.begin(plans.rolling(plans.shop("2", WEB)))
    driver = stage.driver()
    running = asyncio.create_task(driver.run("r1"))
    await world.under_way.wait()
    driver.park()
    await driver.stop("r1", Trigger.PAUSE, "paused by ann: wait")
    world.go_on.set()
    parked = await running
    assert [one.target for one in world.effects] == ["web-1"]
    assert (parked.state, parked.cursor, parked.step and parked.step.targets_done) == (State.PAUSED, 0, ("web-1",))


async def test_a_parked_rollout_goes_on_where_it_was_after_the_next_start(stage: Stage) -> None:
    await baking(stage)
    driver = stage.driver()
    running = asyncio.create_task(driver.run("r1"))
    await until(lambda: stage.clock.sleepers >= 2)
    driver.park()
    parked = await running
    assert (parked.state, parked.cursor) == (State.RUNNING, 2)
    async with stage.clock.ticking():
        ended = await stage.driver("two").run("r1")
    assert ended.state is State.SUCCEEDED
    assert [one.target for one in stage.world.effects] == ["web-1", "web-2"]


async def test_time_without_a_daemon_is_not_held_against_a_rollout(stage: Stage) -> None:
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    stepper, lease = stage.stepper(), await stage.lease("r1")
    rollout = await stepper.advance("r1", lease)
    while not (rollout.cursor == 1 and rollout.wake_at):
        rollout = await stepper.advance("r1", lease)
    stage.clock.jump(stage.clock.now() + timedelta(days=1))
    async with stage.clock.ticking():
        ended = await stage.driver("two").run("r1")
    assert ended.state is State.SUCCEEDED


async def test_a_rollout_in_the_hands_of_another_process_is_left_alone(stage: Stage) -> None:
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    await stage.lease("r1", "another")
    with pytest.raises(LeaseLost, match="in the hands of another process"):
        await stage.driver().run("r1")
    assert stage.world.calls == []


async def test_a_lost_lease_stops_everything_at_once(stage: Stage) -> None:
    await baking(stage)
    running = asyncio.create_task(stage.driver().run("r1"))
    await until(lambda: stage.clock.sleepers >= 2)
    await stage.store.break_leases()
    await stage.lease("r1", "another")
    async with stage.clock.ticking():
        with pytest.raises(LeaseLost, match="in the hands of another"):
            await running
    assert [one.target for one in stage.world.effects] == ["web-1"]


async def test_one_process_drives_a_rollout_once(stage: Stage) -> None:
    await baking(stage)
    driver = stage.driver()
    running = asyncio.create_task(driver.run("r1"))
    await until(lambda: stage.clock.sleepers >= 2)
    with pytest.raises(RuntimeError, match="driven already"):
        await driver.run("r1")
    driver.park()
    await running


async def test_a_journal_that_cannot_be_written_for_a_moment_costs_only_time(stage: Stage) -> None:
    failures = iter([True, False, False, True, True])

    def sometimes() -> None:
        if next(failures, False):
            raise JournalUnavailable("the disk is full")

    stage.log.before = sometimes
    await stage.begin(plans.rolling(plans.shop("2", WEB)))
    async with stage.clock.ticking():
        ended = await stage.driver().run("r1")
    assert ended.state is State.SUCCEEDED
    assert [one.target for one in stage.world.effects] == ["web-1", "web-2"]


async def test_a_transaction_is_not_cut_short_by_a_journal_that_cannot_be_written(stage: Stage) -> None:
    world = stage.world = SlowWorld(stage.clock)
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    writes = iter([False, False, True])

    def sometimes() -> None:
        if next(writes, False):
            world.go_on.set()
            raise JournalUnavailable("the disk is full")

    stage.log.before = sometimes
    async with stage.clock.ticking():
        ended = await stage.driver().run("r1")
    assert ended.state is State.SUCCEEDED
    assert sorted(one.target for one in world.effects) == ["web-1", "web-2"]


async def test_a_target_nobody_can_see_after_a_crash_is_waited_for_and_then_counted(stage: Stage) -> None:
    rollout = await crashed_in_apply(stage)
    stage.world.down = {"web-2"}
    ended = await stage.to_rest("r1", "one")
    assert ended.state is State.REVERT_NEEDED
    assert "how the change on web-2 ended is not known: thing:shop on web-2 cannot be seen" in ended.reason
    assert rollout.deadline is not None
    assert ended.updated_at >= rollout.deadline


async def test_a_target_that_comes_back_after_a_crash_is_changed_then(stage: Stage) -> None:
    await crashed_in_apply(stage)
    stage.world.down = {"web-2"}
    stepper, lease = stage.stepper(), await stage.lease("r1")
    waiting = await stepper.advance("r1", lease)
    assert waiting.wake_at is not None
    assert await stepper.advance("r1", lease) == waiting
    stage.world.down = set()
    stage.clock.jump(waiting.wake_at)
    ended = await stage.to_rest("r1")
    assert ended.state is State.SUCCEEDED
    attempts = [one.event.record.attempt for one in await stage.store.history.of_rollout("r1") if _started(one.event)]
    assert attempts == [1, 1]
    assert len(stage.world.effects) == 2


async def crashed_in_apply(stage: Stage) -> Rollout:
    """Leave an apply step of two targets begun, done on the first only, and known to nobody."""
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    stage.world.faults = {"web-2": [Fault.DIES_BEFORE]}
    stepper, lease = stage.stepper(), await stage.lease("r1")
    await stepper.advance("r1", lease)
    writes = iter([False, True])

    def dies() -> None:
        if next(writes):
            raise ConnectionAbortedError

    stage.log.before = dies
    with pytest.raises(ConnectionAbortedError):
        await stepper.advance("r1", lease)
    stage.log.before = lambda: None
    return (await stage.store.load("r1"))[0]


def _started(event: object) -> bool:
    return isinstance(event, StepStarted)


class SlowWorld(SimWorld):
    """Holds every transaction until it may go on."""

    def __init__(self, clock: object) -> None:
        super().__init__(clock)  # type: ignore[arg-type]
        self.under_way, self.go_on = asyncio.Event(), asyncio.Event()

    async def apply(self, host: Host, transaction: Transaction) -> None:
        self.under_way.set()
        if host.name == "web-1":
            await self.go_on.wait()
        await super().apply(host, transaction)
