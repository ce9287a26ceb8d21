"""What holds for every rollout, whatever goes wrong and whenever it is stopped."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.policy import FailureBudget, OnFailure, RolloutPolicy
from reconciler.model.rollout import Rollout, Trigger
from reconciler.simulate.world import Fault
from tests.sim import plans
from tests.sim.stage import Stage, opened

WEB = tuple(f"web-{number}" for number in range(1, 6))
FAULTS = st.dictionaries(st.sampled_from(WEB), st.sampled_from([Fault.REFUSED, Fault.UNREACHABLE]).map(lambda f: [f]))
BUDGETS = st.builds(FailureBudget, total=st.integers(0, 3), per_batch=st.integers(0, 3))


@settings(max_examples=25, deadline=None)
@given(faults=FAULTS, budget=BUDGETS, sick=st.booleans())
def test_no_further_target_is_touched_once_more_failed_than_the_budget_allows(
    faults: dict[str, list[Fault | None]], budget: FailureBudget, sick: bool
) -> None:
    async def holds(stage: Stage) -> None:
        stage.world.faults = {name: list(planned) for name, planned in faults.items()}
        stage.world.unhealthy = {"2"} if sick else set()
        policy = RolloutPolicy(name="p", failure_budget=budget, on_failure=OnFailure.REVERT)
        await stage.begin(plans.rolling(plans.shop("2", WEB, policy)))
        stepper, lease = stage.stepper(), await stage.lease("r1")
        rollout, _ = await stage.store.load("r1")
        while rollout.state not in ("revert_needed", "succeeded"):
            over = len(rollout.failures) > min(budget.total, len(WEB)) or _in_one_batch(rollout) > budget.per_batch
            before = len(stage.world.calls)
            rollout = await stepper.advance("r1", lease)
            assert not over or len(stage.world.calls) == before
            if rollout.wake_at:
                stage.clock.jump(rollout.wake_at)
        assert len(rollout.failures) <= budget.total + 1
        ill = len(WEB) if sick else sum(fault == [Fault.REFUSED] for fault in faults.values())
        allowed = min(budget.total, budget.total if budget.per_batch else 0)
        assert (rollout.state == "succeeded") == (ill <= allowed)

    _on_a_stage(holds)


@settings(max_examples=25, deadline=None)
@given(moves=st.integers(0, 25), trigger=st.sampled_from([Trigger.SUPERSEDE, Trigger.ABORT, Trigger.PAUSE]))
def test_after_a_stop_at_any_boundary_nothing_more_is_done(moves: int, trigger: Trigger) -> None:
    async def holds(stage: Stage) -> None:
        await stage.begin(plans.rolling(plans.shop("2", WEB)))
        stepper, lease = stage.stepper(), await stage.lease("r1")
        for _ in range(moves):
            rollout = await stepper.advance("r1", lease)
            if rollout.wake_at:
                stage.clock.jump(rollout.wake_at)
        driver = stage.driver()
        await driver.stop("r1", trigger, "somebody said so")
        calls = len(stage.world.calls)
        stopped = await driver.run("r1")
        stage.clock.jump(stage.clock.now() + stopped.updated_at.resolution * 10**12)
        assert await driver.run("r1") == stopped
        assert len(stage.world.calls) == calls

    _on_a_stage(holds)


def _in_one_batch(rollout: Rollout) -> int:
    batches = [failure.batch for failure in rollout.failures]
    return max((batches.count(batch) for batch in batches), default=0)


def _on_a_stage(holds: object) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(Path(folder)) as stage:
                await holds(stage)  # type: ignore[operator]

    asyncio.run(run())
