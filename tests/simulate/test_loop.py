"""Simulated time: it passes when nobody has anything to do, exactly, and in the same order each time."""

import asyncio
from datetime import timedelta

import pytest

from reconciler.simulate.loop import LoopClock, StandsStill, run
from tests.factory import NOW

DAY = timedelta(days=1)


def test_days_pass_at_once_and_exactly() -> None:
    async def story() -> timedelta:
        clock = LoopClock(NOW)
        for _ in range(100):
            await clock.sleep(DAY + timedelta(microseconds=1))
        return clock.now() - NOW

    assert run(story()) == 100 * DAY + timedelta(microseconds=100)


def test_whoever_sleeps_shorter_wakes_first_and_threads_take_no_time() -> None:
    heard = []

    async def sleeper(clock: LoopClock, seconds: int) -> None:
        await clock.sleep(timedelta(seconds=seconds))
        heard.append((seconds, await asyncio.to_thread(clock_of, clock)))

    def clock_of(clock: LoopClock) -> timedelta:
        return clock.now() - NOW

    async def story() -> None:
        clock = LoopClock(NOW)
        await asyncio.gather(*(sleeper(clock, seconds) for seconds in (3, 1, 2)))

    run(story())
    assert heard == [(seconds, timedelta(seconds=seconds)) for seconds in (1, 2, 3)]


def test_limits_hold_in_simulated_time() -> None:
    async def story() -> None:
        async with asyncio.timeout(3600):
            await LoopClock(NOW).sleep(DAY)

    with pytest.raises(TimeoutError):
        run(story())


def test_a_story_in_which_everybody_waits_for_somebody_else_is_a_bug() -> None:
    async def story() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StandsStill):
        run(story())
