"""APIs have no transactions: a change may be done in part, and what nobody knows for certain is done again."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.execute.outcome import Partly, outcome
from reconciler.model.change import Action, Cause, Change
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, State
from reconciler.model.target import Sort
from reconciler.ports.errors import Halfway
from reconciler.simulate.world import Fault
from tests import factory
from tests.factory import SHOP
from tests.sim import plans
from tests.sim.stage import Stage

ENGINES = ("engine-1", "engine-2")


def on_engines(plan: Plan) -> Plan:
    """The same plan, on engines."""
    return replace(plan, targets=tuple(factory.target(each.name, Sort.DOCKER_ENGINE) for each in plan.targets))


def taking_away(plan: Plan, changes: Sequence[Change]) -> Plan:
    """The plan, taking away things on its first target, too."""
    first, *rest = plan.steps[0].targets
    more = replace(first, changes=(*first.changes, *changes))
    return replace(plan, steps=(replace(plan.steps[0], targets=(more, *rest)), *plan.steps[1:]))


async def creating(stage: Stage, *faults: Fault) -> Rollout:
    stage.world.faults = {"engine-1": list(faults)}
    await stage.begin(on_engines(plans.at_once(plans.shop("2", ENGINES), action=Action.CREATE)))
    return await stage.to_rest("r1")


def test_what_was_done_in_part_is_no_outcome_of_its_own_kind_to_try_again() -> None:
    assert outcome(Halfway("the rest was refused")) == Partly("the rest was refused")


async def test_a_change_that_is_done_in_part_has_failed_and_nobody_says_that_it_is_as_before(stage: Stage) -> None:
    ended = await creating(stage, Fault.HALFWAY)
    assert ended.state is State.REVERT_NEEDED
    (failure,) = ended.failures
    assert (failure.target, failure.known) == ("engine-1", False)
    assert "engine-1 did a part of it: the rest was refused" in ended.reason


async def test_what_it_was_to_make_there_is_ours_to_take_away(stage: Stage) -> None:
    await creating(stage, Fault.HALFWAY)
    owned = (await stage.store.standing()).of(SHOP).owned
    made = {each.target: (ours.brought, ours.sure) for each, ours in owned.items()}
    assert made == {"engine-1": (True, False), "engine-2": (True, True)}


async def test_what_is_refused_when_it_is_done_again_may_have_been_done_in_part(stage: Stage) -> None:
    ended = await creating(stage, Fault.DIES_BEFORE, Fault.REFUSED)
    (failure,) = ended.failures
    assert (failure.reason, failure.known) == ("engine-1 refused: the disk is full", False)
    owned = (await stage.store.standing()).of(SHOP).owned
    assert all(ours.brought for ours in owned.values())


async def test_what_is_refused_the_first_time_is_as_it_was(stage: Stage) -> None:
    ended = await creating(stage, Fault.REFUSED)
    (failure,) = ended.failures
    assert failure.known
    assert "engine-1" not in {each.target for each in (await stage.store.standing()).of(SHOP).owned}


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.CUT_OFF, Fault.RUNS_ON])
async def test_a_change_that_takes_away_is_done_again_whatever_is_left_behind(stage: Stage, fault: Fault) -> None:
    gone = factory.of_sort(Sort.DOCKER_ENGINE, "old", "engine-1")
    stage.world.state = {"engine-1": {gone.id: gone}}
    stage.world.faults = {"engine-1": [fault]}
    plan = on_engines(plans.at_once(plans.shop("2", ENGINES)))
    away = Change(resource=gone.id, action=Action.DELETE, cause=Cause.COMMIT)
    await stage.begin(taking_away(plan, [away]))
    ended = await stage.to_rest("r1")
    assert ended.state is State.SUCCEEDED
    assert stage.world.looks() == {name: {"thing:shop": {"version": "2"}} for name in ENGINES}
    asked = [target for what, target in stage.world.calls if what == "apply"]
    assert asked.count("engine-1") >= 2


async def test_a_change_that_was_done_and_takes_nothing_away_is_not_done_again(stage: Stage) -> None:
    ended = await creating(stage, Fault.DIES_AFTER)
    assert ended.state is State.SUCCEEDED
    assert [target for what, target in stage.world.calls if what == "apply"].count("engine-1") == 1
