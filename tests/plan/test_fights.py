"""Drift that comes again after each heal, and drift of most hosts at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.event import PlanAccepted
from reconciler.model.plan import Apply
from reconciler.model.policy import AllAtOnce, Amount, Healing, OnMany, Rolling, RolloutPolicy
from reconciler.model.resource import DriftMode, Present
from reconciler.model.standing import Heals
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from tests import factory as f
from tests.plan.standings import known, ours

RED, CALM = f.thing("/etc/paint"), f.thing("/etc/calm")
BLUE = Present({"colour": "blue"})
UNIT = f.unit(RED, CALM)
THRICE = Heals(count=3, since=f.NOW - timedelta(seconds=30), last=f.NOW, fields=("colour",))


def standing(heals=THRICE, unit=UNIT, **more):
    return known((unit, Verdict.GOOD), owned=ours(*unit.resources), heals={RED.id: heals}, **more)


def after(seconds):
    return f.NOW + timedelta(seconds=seconds)


def test_what_drifts_again_after_each_heal_is_healed_less_often_and_the_reason_names_the_fields():
    (found,) = f.assess(f.desired(UNIT), {RED.id: BLUE, **f.as_wanted(CALM)}, standing(), now=after(1))
    assert (found.waiting.reason, found.waiting.until) == (Reason.FIGHT, after(18))
    assert found.waiting.detail.startswith(
        "thing:/etc/paint on web-1 was healed 3 times in 30s and drifted again: colour changed by somebody else; "
        "find out who it is, or heal it now: reconciler plan --unit shop@production"
    )
    assert [change.resource for change in found.plan.changes] == [RED.id]
    (later,) = f.assess(f.desired(UNIT), {RED.id: BLUE, **f.as_wanted(CALM)}, standing(), now=after(18))
    assert later.waiting is None


def test_a_fight_over_one_thing_does_not_hold_up_the_heal_of_another():
    (found,) = f.assess(f.desired(UNIT), {RED.id: BLUE, CALM.id: BLUE}, standing(), now=after(1))
    assert [change.resource for change in found.plan.changes] == [CALM.id]
    assert found.waiting is None


def test_a_person_may_heal_it_now():
    seen = {RED.id: BLUE, **f.as_wanted(CALM)}
    (held,) = f.assess(f.desired(UNIT), seen, standing(), now=after(1))
    yes = PlanAccepted(unit=UNIT.id, plan=held.plan.id, author="ada")
    (goes,) = f.assess(f.desired(UNIT), seen, standing(accepted=yes), now=after(1))
    assert goes.waiting is None


def test_a_new_commit_is_not_held_up_by_a_fight():
    new = f.unit(RED, CALM, f.thing("/new"), commit="c2", version="2")
    known_before = known((UNIT, Verdict.GOOD), owned=ours(RED, CALM), heals={RED.id: THRICE})
    (found,) = f.assess(
        f.desired(new), {RED.id: BLUE, **f.as_wanted(CALM), **f.absent(f.thing("/new"))}, known_before, now=after(1)
    )
    assert {change.resource.name for change in found.plan.changes} == {"/etc/paint", "/new"}
    assert (found.plan.cause, found.waiting) == (Cause.COMMIT, None)


def fleet(drifted, of, policy=f.DEFAULT_POLICY, **colours):
    things = [f.thing("/etc/paint", f"web-{n:02}") for n in range(of)]
    unit = f.unit(*things, policy=policy)
    seen = f.as_wanted(*things) | {each.id: Present({"colour": "blue", **colours}) for each in things[:drifted]}
    (found,) = f.assess(f.desired(unit), seen, known((unit, Verdict.GOOD), owned=ours(*things)))
    return found


def batches(found):
    return [len(step.targets) for step in found.plan.steps if isinstance(step, Apply)]


SLOW = RolloutPolicy(name="p", healing=Healing(at_once=Amount(20, percent=True)))
TWO = RolloutPolicy(name="p", healing=Healing(at_once=Amount(2)))
ROLLING = RolloutPolicy(name="p", strategy=Rolling(Amount(4)))
HOLD = RolloutPolicy(name="p", healing=Healing(on_many=OnMany.HOLD))


@pytest.mark.parametrize(
    ("policy", "drifted", "of", "expected"),
    [
        (f.DEFAULT_POLICY, 4, 5, [4]),  # four are not many
        (f.DEFAULT_POLICY, 5, 10, [5]),  # half is not more than half
        (f.DEFAULT_POLICY, 6, 10, [2, 2, 2]),  # a mass drift is healed slowly, 20 % of the unit at once
        (f.DEFAULT_POLICY, 5, 5, [1, 1, 1, 1, 1]),
        (SLOW, 3, 10, [2, 1]),  # the share is of the unit's hosts, not of those that drift
        (TWO, 3, 10, [2, 1]),
        (ROLLING, 6, 10, [4, 2]),  # a strategy that goes in batches is good enough
    ],
)
def test_how_many_hosts_are_healed_at_once(policy, drifted, of, expected):
    found = fleet(drifted, of, policy)
    assert (batches(found), found.waiting) == (expected, None)


def test_a_mass_drift_waits_for_a_person_where_policy_says_so():
    found = fleet(6, 10, HOLD)
    assert found.waiting.reason is Reason.DRIFT_HELD
    assert found.waiting.detail.startswith(
        "thing:/etc/paint has drifted on 6 of 10 targets in the same way (colour);"
        " a person decides (drift.onMany: hold)"
    )
    assert len(found.plan.changes) == 6


def test_fewer_are_healed_though_policy_would_hold_many():
    found = fleet(3, 10, HOLD)
    assert (batches(found), found.waiting) == ([3], None)


def test_a_new_state_travels_as_its_strategy_says_however_many_hosts_it_changes():
    things = [f.thing("/etc/paint", f"web-{n:02}") for n in range(10)]
    (found,) = f.assess(f.desired(f.unit(*things, policy=replace(SLOW, strategy=AllAtOnce()))), f.absent(*things))
    assert batches(found) == [10]


def test_reported_drift_and_a_fight_are_both_told_when_nothing_else_is_to_do():
    calm = replace(CALM, drift=DriftMode.REPORT)
    unit = f.unit(RED, calm)
    (found,) = f.assess(f.desired(unit), {RED.id: BLUE, calm.id: BLUE}, standing(unit=unit), now=after(1))
    assert len(found.plan.changes) == 2
    assert found.waiting.reason in (Reason.DRIFT_REPORTED, Reason.FIGHT)
