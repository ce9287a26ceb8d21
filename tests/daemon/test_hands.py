"""Rollouts side by side: taken up once, parked, told, and left alone when they cannot go on."""

import asyncio

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.one_pass import one_pass
from reconciler.model.assessment import Signal
from reconciler.model.event import Paused, Resumed
from reconciler.model.rollout import Rollout, State, Trigger
from tests.daemon.fleet import Fleet, app
from tests.factory import NOW
from tests.sim.plans import SECOND


async def begun(fleet: Fleet) -> Rollout:
    """Have a rollout that waits for health which does not come."""
    fleet.hosts.unhealthy = {"pink"}
    await fleet.commit("slow", shop=app("pink").replace(b"failureThreshold: 2", b"failureThreshold: 100000"))
    await passed(fleet)
    await waits(fleet)
    (rollout,) = await fleet.store.history.running()
    return rollout


async def passed(fleet: Fleet) -> None:
    seen = await one_pass(fleet.world)
    await carry_out(seen, fleet.world, fleet.hands)


async def waits(fleet: Fleet) -> None:
    """Come to where the lease and a check are waited for."""
    while fleet.clock.sleepers < 2:  # noqa: ASYNC110 - it is a level, and nobody announces it
        await asyncio.sleep(0)


async def idle(fleet: Fleet) -> None:
    while fleet.hands.busy:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def state(fleet: Fleet, rollout: Rollout) -> State:
    return (await fleet.store.load(rollout.id))[0].state


async def test_a_rollout_is_taken_up_once_and_parked_where_it_is(fleet: Fleet) -> None:
    rollout = await begun(fleet)
    await passed(fleet)
    assert fleet.hands.busy
    await fleet.hands.park()
    assert not fleet.hands.busy
    assert await state(fleet, rollout) is State.RUNNING
    assert len(fleet.hosts.effects) == 2


async def test_a_persons_pause_stops_it_and_resume_lets_it_go_on(fleet: Fleet) -> None:
    rollout = await begun(fleet)
    await fleet.store.append([Paused(unit=rollout.unit, author="ada", reason="looking")], NOW)
    await passed(fleet)
    await idle(fleet)
    assert await state(fleet, rollout) is State.PAUSED
    await passed(fleet)
    assert not fleet.hands.busy
    await fleet.store.append([Resumed(unit=rollout.unit, author="ada", reason="done")], NOW)
    await passed(fleet)
    await waits(fleet)
    assert await state(fleet, rollout) is State.RUNNING
    fleet.hosts.unhealthy = set()
    ended = await fleet.settled()
    assert [one.state for one in ended.ended] == [State.SUCCEEDED]


async def test_a_rollout_that_nobody_drives_is_told_too(fleet: Fleet) -> None:
    rollout = await begun(fleet)
    await fleet.hands.park()
    signal = Signal(rollout=rollout.id, trigger=Trigger.ABORT, reason="a person said so")
    await fleet.hands.signal(signal)
    await idle(fleet)
    assert await state(fleet, rollout) is State.ABORTED


async def test_a_rollout_that_another_process_took_is_let_go(fleet: Fleet) -> None:
    rollout = await begun(fleet)
    await fleet.store.break_leases()
    now = fleet.clock.now()
    assert await fleet.store.claim(rollout.id, "another", now, now + 3600 * SECOND)
    async with fleet.clock.ticking():
        await idle(fleet)
    assert fleet.hands.broken == {}
    assert await state(fleet, rollout) is State.RUNNING


async def test_a_rollout_whose_journal_is_gone_is_let_go_and_taken_up_when_it_is_back(fleet: Fleet) -> None:
    rollout = await begun(fleet)
    journal = fleet.folder / "journal.db"
    await fleet.store.close()
    journal.rename(fleet.folder / "kept.db")
    journal.mkdir()
    async with fleet.clock.ticking():
        await idle(fleet)
    assert fleet.hands.broken == {}
    journal.rmdir()
    (fleet.folder / "kept.db").rename(journal)
    fleet.hosts.unhealthy = set()
    await fleet.store.break_leases()
    ended = await fleet.settled()
    assert [(one.id, one.state) for one in ended.ended] == [(rollout.id, State.SUCCEEDED)]
    assert fleet.hosts.repeats == []


async def test_a_rollout_that_met_a_bug_is_left_alone_until_it_is_cleared(fleet: Fleet) -> None:
    rollout = await begun(fleet)
    await fleet.hands.park()
    fleet.hands.broken[rollout.id] = ZeroDivisionError()
    fleet.hands.take_up(rollout.id)
    assert not fleet.hands.busy
