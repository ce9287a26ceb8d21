"""What belongs to no slot: it is changed once, before either side needs it, and goes when neither needs it any more."""

from dataclasses import replace

import pytest

from reconciler.model.change import Action, Cause, Change
from reconciler.model.difference import Differing, Orphan
from reconciler.model.plan import Apply, Plan
from reconciler.model.policy import Amount, BlueGreen, Rolling, RolloutPolicy, Strategy
from reconciler.model.resource import Absent, Present, Resource, Survey
from reconciler.model.standing import UnitStanding
from reconciler.model.verdict import Owned, Snapshot
from reconciler.plan.planner import Material, build
from tests import factory as f

SLOTS = ("blue", "green")
SIDES = tuple(replace(f.thing(f"/{slot}"), slot=slot) for slot in SLOTS)
SHARED = f.thing("/shared")
STRATEGIES = [BlueGreen(), Rolling(max_surge=Amount(1))]


def planned(strategy: Strategy, gone: Resource, changed: tuple[Resource, ...], cause: Cause = Cause.COMMIT) -> Plan:
    policy = RolloutPolicy(name="p", strategy=strategy)
    unit = replace(f.unit(*SIDES, SHARED, policy=policy), slots=SLOTS)
    change = [Change(resource=each.id, action=Action.CREATE, cause=cause) for each in changed]
    material = Material(
        unit=unit,
        cause=cause,
        parent=None,
        differing=[
            Differing(resource=each, seen=Absent(), change=its) for each, its in zip(changed, change, strict=True)
        ],
        delete=(Orphan(owned=Owned(resource=gone, created=True), seen=Present({})),),
        known=UnitStanding(unit=unit.id, last_good=Snapshot(unit, f.NOW)),
    )
    return build(material, Survey({}), {"web-1": f.host("web-1")}, f.KINDS)


def by_step(plan: Plan) -> list[list[str]]:
    """Return the names of what each apply changes, those that leave with a minus."""
    return [
        [("-" if each.action is Action.DELETE else "") + each.resource.name for each in target.changes]
        for step in plan.steps
        if isinstance(step, Apply)
        for target in step.targets
    ]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("slot", ["", "yellow"], ids=["of no slot", "of a slot that there was"])
def test_what_both_need_is_changed_once_and_what_nobody_needs_goes_last(strategy, slot):
    plan = planned(strategy, replace(f.thing("/old"), slot=slot), (*SIDES, SHARED))
    assert by_step(plan) == [["/shared", "/green"], ["/blue", "-/old"]]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_leaves_alone_needs_no_second_side(strategy):
    assert by_step(planned(strategy, f.thing("/old"), ())) == [["-/old"]]


def test_on_the_way_back_too():
    plan = planned(BlueGreen(), f.thing("/new"), (*SIDES, SHARED), Cause.REVERT)
    assert by_step(plan) == [["/shared", "/green"], ["/blue", "-/new"]]
