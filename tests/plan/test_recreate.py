"""Recreate: what runs is stopped first, and started again whatever else changes."""

from dataclasses import replace

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.change import Action, Cause, Change
from reconciler.model.difference import Differing
from reconciler.model.identity import ResourceId
from reconciler.model.operation import ControlUnit, UnitVerb
from reconciler.model.plan import Apply, Stop
from reconciler.model.policy import Recreate, RolloutPolicy
from reconciler.model.resource import Absent, Present, Resource, Survey
from reconciler.plan import lint
from reconciler.plan.planner import Material, build
from tests import factory as f

RUNS = {
    "load": "loaded", "unit_file_state": "enabled", "state": "active", "running": True, "enabled": True,
    "restart_pending": False, "reload_pending": False,
}  # fmt: skip


def service(target: str) -> Resource:
    return Resource(id=ResourceId(f.SHOP, target, "systemdUnit", "shop.service"), attributes={"running": True})


def plan_of(seen, cause=Cause.COMMIT):
    things = [f.thing("/app", target) for target in ("web-1", "web-2")]
    services = [service(target) for target in ("web-1", "web-2")]
    policy = RolloutPolicy(name="p", strategy=Recreate())
    unit = replace(f.unit(*things, *services, policy=policy))
    change = (Change(resource=each.id, action=Action.CREATE, cause=cause) for each in things)
    material = Material(
        unit=unit,
        cause=cause,
        parent=None,
        differing=[
            Differing(resource=each, seen=Absent(), change=one) for each, one in zip(things, change, strict=True)
        ],
    )
    survey = Survey({**{each.id: Absent() for each in things}, **{each.id: seen for each in services}})
    hosts = {each: f.host(each) for each in ("web-1", "web-2")}
    return build(material, survey, hosts, {**f.KINDS, **CATALOG})


@pytest.mark.parametrize("cause", [Cause.COMMIT, Cause.REVERT])
def test_what_runs_is_stopped_on_all_targets_and_started_though_nothing_of_it_differs(cause):
    plan = plan_of(Present(RUNS), cause)
    stop, apply = plan.steps
    assert isinstance(stop, Stop)
    assert isinstance(apply, Apply)
    assert [(each.target, verbs(each)) for each in stop.targets] == [
        ("web-1", [UnitVerb.STOP]),
        ("web-2", [UnitVerb.STOP]),
    ]
    assert [sorted(each.target for each in apply.targets), *map(verbs, apply.targets)] == [
        ["web-1", "web-2"],
        [UnitVerb.START],
        [UnitVerb.START],
    ]
    assert lint.problems(plan) == ()


def test_how_long_it_is_down_is_said():
    (note,) = plan_of(Present(RUNS)).notes
    assert note == "shop is down on all 2 targets from its stop until it is healthy again (strategy recreate)"


def test_what_does_not_run_is_not_stopped():
    plan = plan_of(Present({**RUNS, "state": "inactive", "running": False}))
    assert [type(step) for step in plan.steps] == [Apply]
    assert plan.notes == ()


def verbs(changes):
    return [each.verb for each in changes.operations if isinstance(each, ControlUnit)]
