"""A connection that is lost is no failure: what happened is looked at, waited for, or done again."""

from dataclasses import replace

import pytest

from reconciler.diff.cause import cause_of
from reconciler.execute.moves import Recover
from reconciler.execute.outcome import Failed, Outdated, Unsure, outcome
from reconciler.execute.recovery import Again, CannotSee, under_way
from reconciler.model.change import Action, Cause
from reconciler.model.ground import Ground, Running
from reconciler.model.rollout import State, Trigger
from reconciler.ports.errors import (
    Broken,
    Busy,
    Denied,
    Refused,
    Stale,
    TimedOut,
    Unreachable,
    WorldError,
    WrongHostKey,
)
from reconciler.simulate.world import Fault
from tests.factory import SHOP
from tests.sim import plans
from tests.sim.stage import Stage

WEB = ("web-1", "web-2")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unreachable, Unsure),
        (TimedOut, Unsure),
        (Busy, Unsure),
        (Stale, Outdated),
        (Refused, Failed),
        (Denied, Failed),
        (WrongHostKey, Failed),
        (Broken, Failed),
    ],
)
def test_what_an_error_says_of_the_change_it_ended(error: type[WorldError], expected: type) -> None:
    assert outcome(error("why")) == expected("why")


OURS = Running(transaction="r1-p-0", ours=True, by="ctl-a (host a)")
THEIRS = Running(transaction="t9", ours=False, by="ctl-b (host b)")


@pytest.mark.parametrize(
    ("ground", "expected"),
    [
        (None, None),
        (Ground(), None),
        (Ground(running=OURS), CannotSee("it is still under way, by ctl-a (host a)")),
        (Ground(running=replace(OURS, transaction="r2-p-0")), None),
        (Ground(running=THEIRS), CannotSee("another change is under way, by ctl-b (host b)")),
        (Ground(interrupted=("r1-p-0",)), Again()),
        (Ground(interrupted=("t9",)), Again()),
    ],
)
def test_what_a_target_says_of_its_changes(ground: Ground | None, expected: object) -> None:
    assert under_way("r1-p-0", ground) == expected


@pytest.mark.parametrize(
    "fault", [Fault.UNREACHABLE, Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.RUNS_ON, Fault.CUT_OFF]
)
async def test_a_connection_that_is_lost_costs_time_and_nothing_else(stage: Stage, fault: Fault) -> None:
    stage.world.faults = {"web-1": [fault]}
    unit = plans.shop("2", WEB)
    await stage.begin(plans.at_once(unit))
    ended = await stage.to_rest("r1")
    assert (ended.state, ended.reason, ended.failures) == (State.SUCCEEDED, "", ())
    assert stage.world.looks() == {name: {"thing:shop": {"version": "2"}} for name in WEB}
    assert [one.target for one in stage.world.effects] in (["web-1", "web-2"], ["web-2", "web-1"])
    assert not stage.world.repeats


async def test_a_change_that_still_runs_is_waited_for_and_not_asked_for_again(stage: Stage) -> None:
    stage.world.faults = {"web-1": [Fault.RUNS_ON]}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    await stage.to_rest("r1")
    assert stage.world.calls.count(("apply", "web-1")) == 1


async def test_it_is_tried_again_later_and_later_until_the_deadline(stage: Stage) -> None:
    stage.world.faults = {"web-1": [Fault.UNREACHABLE] * 100}
    unit = plans.shop("2", WEB)
    await stage.begin(plans.at_once(unit))
    ended = await stage.to_rest("r1")
    assert ended.state is State.REVERT_NEEDED
    assert ended.reason == "how the change on web-1 ended is not known: cannot reach web-1: no route to host"
    assert ended.updated_at - ended.started_at == unit.policy.progress_deadline
    assert 5 < stage.world.calls.count(("apply", "web-1")) < 20


@pytest.mark.parametrize("stop", [None, Trigger.SUPERSEDE])
async def test_what_may_have_been_made_is_not_taken_for_somebody_elses_later(
    stage: Stage, stop: Trigger | None
) -> None:
    stage.world.faults = {"web-1": [Fault.DIES_AFTER, *[Fault.UNREACHABLE] * 100]}
    await stage.begin(plans.at_once(plans.shop("2", WEB), action=Action.CREATE))
    stepper, lease = stage.stepper(), await stage.lease("r1")
    for _ in range(2):
        await stepper.advance("r1", lease)
    stage.world.down = {"web-1"}
    if stop:
        await stage.driver().stop("r1", stop, "Git now says c3")
    else:
        assert (await stage.to_rest("r1")).state is State.REVERT_NEEDED
    owned = (await stage.store.standing()).of(SHOP).owned
    (maybe,) = (each for each in owned.values() if each.resource.id.target == "web-1")
    assert (maybe.sure, maybe.brought, cause_of(maybe.resource, maybe)) == (False, False, Cause.COMMIT)


async def test_it_is_waited_between_two_tries(stage: Stage) -> None:
    stage.world.faults = {"web-1": [Fault.UNREACHABLE] * 2}
    await stage.begin(plans.at_once(plans.shop("2", WEB)))
    stepper, lease = stage.stepper(), await stage.lease("r1")
    for _ in range(2):
        rollout = await stepper.advance("r1", lease)
    waits = []
    for _ in range(2):
        assert rollout.wake_at
        waits.append((rollout.wake_at - stage.clock.now()) / plans.SECOND)
        assert await stepper.advance("r1", lease) == rollout
        stage.clock.jump(rollout.wake_at)
        assert isinstance((await stepper.next("r1"))[2], Recover)
        rollout = await stepper.advance("r1", lease)
    assert waits == [2, 4]


@pytest.mark.parametrize("cause", [Cause.COMMIT, Cause.DRIFT])
async def test_what_another_controller_has_changed_is_no_verdict_and_is_planned_anew(
    stage: Stage, cause: Cause
) -> None:
    stage.world.foreign = {"web-2": 7}
    plan = plans.at_once(plans.shop("2", WEB), cause)
    await stage.begin(replace(plan, fences={"web-2": 6}))
    ended = await stage.to_rest("r1")
    known = (await stage.store.standing()).of(SHOP)
    assert ended.state is State.SUPERSEDED
    assert ended.reason.startswith("web-2: ctl-b (host x) has changed this host since it was looked at; look again")
    assert (known.verdicts, known.failed_heals, known.rollout) == ({}, 0, None)
    assert {one.target for one in known.owned} == {"web-1"}


async def test_a_plan_that_knows_of_the_other_controller_goes_on(stage: Stage) -> None:
    stage.world.foreign = {"web-2": 7}
    await stage.begin(replace(plans.at_once(plans.shop("2", WEB)), fences={"web-2": 7}))
    assert (await stage.to_rest("r1")).state is State.SUCCEEDED
