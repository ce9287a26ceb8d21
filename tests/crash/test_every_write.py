"""The process dies before or after every single write of a rollout; another takes over, and the end is the same."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.execute.driver import Driver
from reconciler.model.analysis import Analysis, HttpQuery
from reconciler.model.change import Cause
from reconciler.model.plan import Mirror, Shift, Stop
from reconciler.model.rollout import Decided, Decision, Rollout, State
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook, HttpHook
from reconciler.model.traffic import Share
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from reconciler.ports.metrics import Value
from reconciler.simulate.life import Killed
from reconciler.simulate.world import Fault
from tests.factory import SHOP
from tests.sim import plans
from tests.sim.stage import Stage, opened

WEB = ("web-1", "web-2", "web-3")
WRITES_AT_MOST = 90
MINUTE = timedelta(minutes=1)
FIGURES = Analysis(
    name="a", query=HttpQuery(url="http://m/", value="$.v"), count=2, interval=MINUTE / 6, success="result < 5.0"
)
ASK = CallHook(HttpHook(url="http://ask/"))
SAID = {
    Reason.PROMOTION: (Decided.PROMOTE, ("ann",)),
    Reason.APPROVAL: (Decided.APPROVE, ("ann", "bob")),
}

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


async def travelling(stage: Stage, owner: str) -> Rollout:
    """Every sort of step there is: stopped, drained, measured, shown to people and hooks, looked at again."""
    unit = plans.shop("2", WEB)
    stops = tuple(replace(plans.changing(unit, name), changes=()) for name in WEB)
    waits = (Analyse((FIGURES,)), AwaitPromotion(), AwaitApproval(2), Mirror(WEB[:1], 5), ASK, Bake(MINUTE))
    canary = plans.canary(unit, *waits)
    plan = replace(canary, steps=(Stop(1, stops), *canary.steps), background=(replace(FIGURES, name="b", count=None),))
    return await going_on(stage, owner, plan)


async def turning_back(stage: Stage, owner: str) -> Rollout:
    """Figures go bad beside a rollout that waits; the way back sends requests elsewhere first."""
    stage.metrics.answer = lambda _: Value(9.0)
    background = (replace(FIGURES, count=None, initial_delay=MINUTE),)
    plan = replace(plans.canary(plans.shop("2", WEB), Bake(60 * MINUTE)), background=background)
    return await going_on(stage, owner, plan)


def back(old: plans.Unit) -> plans.Plan:
    away = Shift((Share("web-1", 0), Share("web-2", 100), Share("web-3", 100)))
    again = Shift(tuple(Share(name, 100) for name in WEB))
    return plans.routed(plans.plan(old, [away, *plans.batch(old, 1, WEB[:1]), again], Cause.REVERT))


async def going_on(stage: Stage, owner: str, plan: plans.Plan) -> Rollout:
    """What the daemon does with the rollout: begin it unless that was done, drive it, take it back when needed."""
    if not any(one.id == "r1" for one in await stage.store.history.rollouts()):
        await stage.begin(plan)
    await stage.store.break_leases()
    async with stage.clock.ticking():
        driver = stage.driver(owner)
        people = asyncio.create_task(deciding(stage, driver))
        try:
            rollout = await driver.run("r1")
        finally:
            people.cancel()
            await asyncio.gather(people, return_exceptions=True)
        if rollout.state is State.REVERT_NEEDED:
            rollout = await stage.driver(owner).revert("r1", back(plans.shop("1", WEB)))
    return rollout


async def deciding(stage: Stage, driver: Driver) -> None:
    """What people say as soon as the rollout waits for them, and again whenever it does: they cannot know."""
    while True:
        await stage.clock.sleep(MINUTE / 6)
        rollout, plan = await stage.store.load("r1")
        if rollout.waiting and rollout.waiting.reason in SAID:
            decided, authors = SAID[rollout.waiting.reason]
            for author in authors:
                said = Decision(
                    rollout="r1",
                    plan=plan.id,
                    index=rollout.cursor,
                    decided=decided,
                    author=author,
                    reason="I looked",
                    at=stage.clock.now(),
                )
                if not any((one.index, one.author) == (said.index, author) for one in rollout.decisions):
                    await driver.decide("r1", said)


@pytest.mark.parametrize(
    ("story", "state", "version", "verdict"),
    [
        (forward, State.SUCCEEDED, "2", Verdict.GOOD),
        (rolling, State.SUCCEEDED, "2", Verdict.GOOD),
        (losing, State.SUCCEEDED, "2", Verdict.GOOD),
        (failing, State.REVERTED, "1", Verdict.BAD),
        (travelling, State.SUCCEEDED, "2", Verdict.GOOD),
        (turning_back, State.REVERTED, "1", Verdict.BAD),
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
        assert told_with_crash.weights == whole.weights
        assert told_with_crash.asked == whole.asked
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
        self.weights = {(name, web): stage.routers.weight(name, web) for name in ("lb-1", "lb-2") for web in WEB}
        self.asked = set(stage.hooks.called)
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
