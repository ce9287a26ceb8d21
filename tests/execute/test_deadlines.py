"""A target that nobody can see after a crash is waited for, but not for ever: the deadline makes it a failure."""

from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.event import VerdictGiven
from reconciler.model.plan import Plan
from reconciler.model.policy import FailureBudget, OnFailure, RolloutPolicy
from reconciler.model.rollout import Rollout, State
from reconciler.model.verdict import Verdict
from reconciler.simulate.world import Fault
from tests.sim import plans
from tests.sim.stage import Stage

WEB = ("web-1", "web-2", "web-3")
UNSEEN = "how the change on web-2 ended is not known: thing:shop on web-2 cannot be seen"


class Died(Exception):
    """The process is no more."""


async def crashed(stage: Stage, plan: Plan) -> Rollout:
    """Leave the first step of the plan begun, its transaction lost on web-2, and none of it written down."""
    await stage.begin(plan)
    await dies_in_apply(stage)
    return (await stage.store.load("r1"))[0]


async def dies_in_apply(stage: Stage) -> None:
    stage.world.faults = {"web-2": [Fault.DIES_BEFORE]}
    stepper, lease = stage.stepper(), await stage.lease("r1")

    started = False

    def dies() -> None:
        nonlocal started
        if started:
            raise Died
        started = (rollout.state in (State.RUNNING, State.REVERTING)) and rollout.step is None

    async def goes_on() -> None:
        nonlocal rollout
        while True:
            rollout = await stepper.advance("r1", lease)

    rollout = (await stage.store.load("r1"))[0]
    stage.log.before = dies
    with pytest.raises(Died):
        await goes_on()
    stage.log.before = lambda: None
    await stage.store.break_leases()
    stage.world.down = {"web-2"}


@pytest.mark.parametrize(
    ("policy", "state", "verdict"),
    [
        (RolloutPolicy(name="p"), State.REVERT_NEEDED, Verdict.BAD),
        (RolloutPolicy(name="p", on_failure=OnFailure.HOLD), State.HELD, Verdict.BAD),
        (RolloutPolicy(name="p", on_failure=OnFailure.CONTINUE), State.HELD, Verdict.BAD),
        (RolloutPolicy(name="p", failure_budget=FailureBudget(total=1, per_batch=1)), State.SUCCEEDED, Verdict.GOOD),
    ],
    ids=["revert", "hold", "continue", "within the budget"],
)
async def test_the_progress_deadline_ends_the_wait(
    stage: Stage, policy: RolloutPolicy, state: State, verdict: Verdict
) -> None:
    before = await crashed(stage, plans.at_once(plans.shop("2", WEB, policy)))
    async with stage.clock.ticking():
        ended = await stage.driver().run("r1")
    assert ended.state is state
    assert UNSEEN in ended.reason
    assert before.deadline is not None
    assert timedelta(0) <= ended.updated_at - before.deadline < timedelta(minutes=1)
    given = [one.event for one in await stage.store.history.of_unit(ended.unit) if isinstance(one.event, VerdictGiven)]
    assert [one.verdict for one in given] == [verdict]
    others = {name: stage.world.looks()[name] for name in ("web-1", "web-3")}
    assert others == {name: {"thing:shop": {"version": "2"}} for name in ("web-1", "web-3")}


async def test_a_revert_ends_in_its_own_time_too_and_takes_the_others_back(stage: Stage) -> None:
    await stage.good(plans.at_once(plans.shop("1", WEB)))
    stage.world.unhealthy = {"2"}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    await stage.to_rest("r1")
    stage.world.unhealthy = set()
    back = plans.at_once(plans.shop("1", WEB), Cause.REVERT)
    stage.log.before = parked = Parked()
    with pytest.raises(Died):
        await stage.driver().revert("r1", back)
    assert parked.writes == 1
    stage.log.before = lambda: None
    await stage.store.break_leases()
    await dies_in_apply(stage)
    begun = stage.clock.now()
    async with stage.clock.ticking():
        ended = await stage.driver().run("r1")
    assert ended.state is State.REVERT_FAILED
    assert UNSEEN in ended.reason
    assert ended.updated_at - begun < back.policy.revert_within + timedelta(minutes=1)
    assert [stage.world.looks()[name]["thing:shop"] for name in ("web-1", "web-3")] == [{"version": "1"}] * 2


class Parked:
    """Dies at the second write."""

    def __init__(self) -> None:
        self.writes = 0

    def __call__(self) -> None:
        if self.writes:
            raise Died
        self.writes += 1


async def test_a_daemon_that_starts_again_and_again_does_not_put_the_deadline_off(stage: Stage) -> None:
    before = await crashed(stage, plans.at_once(plans.shop("2", WEB)))
    for _ in range(3):
        stage.clock.jump(stage.clock.now() + timedelta(minutes=2))
        await stage.stepper().advance("r1", await stage.lease("r1"))
        await stage.store.break_leases()
        assert (await stage.store.load("r1"))[0].deadline == before.deadline
    async with stage.clock.ticking():
        ended = await stage.driver("again").run("r1")
    assert ended.state is State.REVERT_NEEDED
