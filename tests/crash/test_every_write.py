"""The process dies before or after every single write of a rollout; another takes over, and the end is the same."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.change import Cause
from reconciler.model.rollout import Rollout, State
from reconciler.model.verdict import Verdict
from reconciler.simulate.log import Killed
from reconciler.simulate.world import Fault
from tests.factory import SHOP
from tests.sim import plans
from tests.sim.stage import Stage, opened

WEB = ("web-1", "web-2", "web-3")
WRITES_AT_MOST = 60

Story = Callable[[Stage, str], Awaitable[Rollout]]


async def forward(stage: Stage, owner: str) -> Rollout:
    return await going_on(stage, owner, plans.at_once(plans.shop("2", WEB)))


async def rolling(stage: Stage, owner: str) -> Rollout:
    return await going_on(stage, owner, plans.rolling(plans.shop("2", WEB)))


async def failing(stage: Stage, owner: str) -> Rollout:
    stage.world.unhealthy = {"2"}
    return await going_on(stage, owner, plans.rolling(plans.shop("2", WEB)))


async def losing(stage: Stage, owner: str) -> Rollout:
    """Every connection is lost once: before the effect, half-way, while it runs on."""
    if owner == "life-0":
        faults = (Fault.UNREACHABLE, Fault.CUT_OFF, Fault.RUNS_ON)
        stage.world.faults = {name: [fault] for name, fault in zip(WEB, faults, strict=True)}
    return await going_on(stage, owner, plans.at_once(plans.shop("2", WEB)))


async def going_on(stage: Stage, owner: str, plan: plans.Plan) -> Rollout:
    """What the daemon does with the rollout: begin it unless that was done, drive it, take it back when needed."""
    if not any(one.id == "r1" for one in await stage.store.history.rollouts()):
        await stage.begin(plan)
    await stage.store.break_leases()
    async with stage.clock.ticking():
        rollout = await stage.driver(owner).run("r1")
        if rollout.state is State.REVERT_NEEDED:
            old = plans.shop("1", WEB)
            back = plans.plan(old, plans.batch(old, 1, WEB[:1]), Cause.REVERT)
            rollout = await stage.driver(owner).revert("r1", back)
    return rollout


@pytest.mark.parametrize(
    ("story", "state", "version", "verdict"),
    [
        (forward, State.SUCCEEDED, "2", Verdict.GOOD),
        (rolling, State.SUCCEEDED, "2", Verdict.GOOD),
        (losing, State.SUCCEEDED, "2", Verdict.GOOD),
        (failing, State.REVERTED, "1", Verdict.BAD),
    ],
)
@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_crash_at_any_write_changes_nothing_about_the_end(
    deployed: Path, tmp_path: Path, story: Story, state: State, version: str, verdict: Verdict, where: str
) -> None:
    whole = await told(copied(deployed, tmp_path / "whole"), story, where, WRITES_AT_MOST)
    assert whole.crashes == 0
    for write in range(WRITES_AT_MOST):
        told_with_crash = await told(copied(deployed, tmp_path / str(write)), story, where, write)
        if not told_with_crash.crashes:
            assert write > 5, "the story has to have more writes than that"
            return
        assert told_with_crash.ended.state is state, f"crash {where} write {write}"
        assert told_with_crash.looks == whole.looks == {name: {"thing:shop": {"version": version}} for name in WEB}
        assert told_with_crash.verdict is verdict
        assert told_with_crash.effects == whole.effects
        assert not told_with_crash.repeats, f"something was asked for twice: crash {where} write {write}"
    pytest.fail("the story has more writes than this test looks at")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a journal in which version 1 was rolled out and found good."""
    folder = tmp_path_factory.mktemp("deployed")

    async def deploy() -> None:
        async with opened(folder) as stage:
            await stage.good(plans.at_once(plans.shop("1", WEB)))

    asyncio.run(deploy())
    return folder


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


class Told:
    """How a story went."""

    def __init__(self, ended: Rollout, stage: Stage, crashes: int, verdict: Verdict) -> None:
        self.ended, self.crashes, self.verdict = ended, crashes, verdict
        self.looks = stage.world.looks()
        self.repeats = stage.world.repeats
        self.effects = sorted((one.target, one.id) for one in stage.world.effects)


async def told(folder: Path, story: Story, where: str, write: int) -> Told:
    """Tell the story on that journal, with the process dying before or after that write of the log."""
    async with opened(folder) as stage:
        stage.world.state = {one.id.target: {one.id: one} for one in plans.shop("1", WEB).resources}
        stage.clock.jump(stage.clock.now() + timedelta(hours=1))
        count = crashes = 0

        def die() -> None:
            nonlocal count
            count += 1
            if count - 1 == write:
                raise Killed

        setattr(stage.log, where, die)
        for life in range(3):
            try:
                ended = await story(stage, f"life-{life}")
                break
            except Killed:
                crashes += 1
        else:
            pytest.fail("it never came to an end")
        record = (await stage.store.standing()).of(SHOP).verdicts[ended.digest]
        return Told(ended, stage, crashes, record.verdict)
