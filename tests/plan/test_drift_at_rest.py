"""What is done about differences that no commit asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.event import PlanAccepted
from reconciler.model.health import HttpCheck
from reconciler.model.plan import Apply
from reconciler.model.policy import Amount, Rolling, RolloutPolicy
from reconciler.model.resource import DriftMode, Present
from reconciler.model.step import Bake
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from tests import factory as f
from tests.plan.standings import good, known, ours

RED = f.thing("/etc/paint")
CHECK = HttpCheck(port=80)


def test_a_difference_in_what_we_applied_is_drift_and_is_healed():
    unit = f.unit(RED)
    (found,) = f.assess(
        f.desired(unit), {RED.id: Present({"colour": "blue"})}, known((unit, Verdict.GOOD), owned=ours(RED))
    )
    assert found.plan.cause is Cause.DRIFT
    assert [change.cause for change in found.plan.changes] == [Cause.DRIFT]
    assert found.drifted == ("web-1/thing:/etc/paint",)
    assert found.waiting is None


@pytest.mark.parametrize(
    ("mode", "reason"), [(DriftMode.REPORT, Reason.DRIFT_REPORTED), (DriftMode.HOLD, Reason.DRIFT_HELD)]
)
def test_drift_that_policy_leaves_alone_is_planned_and_waits(mode, reason):
    unit = f.unit(RED, policy=RolloutPolicy(name="p", drift=mode))
    (found,) = f.assess(f.desired(unit), f.absent(RED), known((unit, Verdict.GOOD), owned=ours(RED)))
    assert found.plan.changes
    assert found.waiting.reason is reason


def test_a_resource_may_have_its_own_answer_to_drift():
    calm = replace(RED, drift=DriftMode.REPORT)
    unit = f.unit(calm, f.thing("/b"))
    (found,) = f.assess(
        f.desired(unit), f.absent(*unit.resources), known((unit, Verdict.GOOD), owned=ours(*unit.resources))
    )
    assert [change.resource.name for change in found.plan.changes] == ["/b"]
    assert found.waiting is None


def test_drift_left_alone_does_not_stop_a_new_commit():
    calm, new = replace(RED, drift=DriftMode.HOLD), f.thing("/new")
    unit = f.unit(calm, new)
    (found,) = f.assess(f.desired(unit), f.absent(calm, new), known((unit, Verdict.UNKNOWN), owned=ours(calm)))
    assert [change.resource.name for change in found.plan.changes] == ["/new"]
    assert found.waiting is None


def test_an_ignored_field_is_left_as_it_is():
    ignoring = replace(f.thing("/a", colour="red", size=1), ignore=("size",))
    unit = f.unit(ignoring)
    (found,) = f.assess(
        f.desired(unit), {ignoring.id: Present({"colour": "red", "size": 9})}, known((unit, Verdict.GOOD))
    )
    assert found.plan is None


def test_a_heal_that_failed_is_tried_again_later():
    unit = f.unit(RED)
    standing = known((unit, Verdict.GOOD), owned=ours(RED), failed_heals=3, last_failed_at=f.NOW)
    (found,) = f.assess(f.desired(unit), f.absent(RED), standing)
    assert found.waiting.reason is Reason.BACKOFF
    assert found.waiting.until == f.NOW + timedelta(seconds=18)
    (later,) = f.assess(f.desired(unit), f.absent(RED), standing, now=f.NOW + timedelta(seconds=18))
    assert later.waiting is None


def test_rolling_goes_batch_after_batch_with_health_between():
    policy = RolloutPolicy(name="p", strategy=Rolling(batch_size=Amount(50, percent=True), pause=timedelta(seconds=9)))
    things = [f.thing("/a", f"web-{n}") for n in range(1, 4)]
    (found,) = f.assess(f.desired(f.unit(*things, policy=policy, health=(CHECK,))), f.absent(*things))
    shape = [
        ("apply", [t.target for t in step.targets])
        if isinstance(step, Apply)
        else ("bake", step.duration.total_seconds())
        if isinstance(step, Bake)
        else ("probe", list(step.targets))
        for step in found.plan.steps
    ]
    assert shape == [
        ("apply", ["web-1", "web-2"]),
        ("probe", ["web-1", "web-2"]),
        ("bake", 9.0),
        ("apply", ["web-3"]),
        ("probe", ["web-3"]),
    ]


@pytest.mark.parametrize("mode", [DriftMode.REPORT, DriftMode.HOLD])
def test_drift_left_alone_does_not_keep_a_new_state_from_being_judged(mode):
    unit = f.unit(RED, policy=RolloutPolicy(name="p", drift=mode), health=(CHECK,))
    (found,) = f.assess(f.desired(unit), f.absent(RED), known((unit, Verdict.UNKNOWN), owned=ours(RED)))
    assert found.plan.changes == ()
    assert found.waiting is None
    assert found.drifted == ("web-1/thing:/etc/paint",)


def test_a_plan_that_a_person_accepted_goes_on_and_only_just_that_plan():
    unit = f.unit(RED, policy=RolloutPolicy(name="p", drift=DriftMode.HOLD))
    standing = known((unit, Verdict.GOOD), owned=ours(RED))
    (held,) = f.assess(f.desired(unit), f.absent(RED), standing)
    yes = PlanAccepted(unit=unit.id, plan=held.plan.id, author="ada")
    (goes,) = f.assess(f.desired(unit), f.absent(RED), known((unit, Verdict.GOOD), owned=ours(RED), accepted=yes))
    assert goes.waiting is None
    (other,) = f.assess(
        f.desired(unit),
        {RED.id: Present({"colour": "mud"})},
        known((unit, Verdict.GOOD), owned=ours(RED), accepted=yes),
    )
    assert other.waiting.reason is Reason.DRIFT_HELD


def test_a_commit_that_goes_back_to_an_older_good_state_is_a_commit_and_not_drift():
    older, newer = f.unit(RED, commit="c1"), f.unit(f.thing("/etc/paint", colour="pink"), commit="c2", version="2")
    standing = known((older, Verdict.GOOD), (newer, Verdict.GOOD), owned=ours(*newer.resources), last_good=good(newer))
    (found,) = f.assess(f.desired(replace(older, commit="c3")), f.as_wanted(*newer.resources), standing)
    assert found.plan.cause is Cause.COMMIT
