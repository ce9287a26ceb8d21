from dataclasses import replace

import pytest

from reconciler.model.access import EVERYTHING, Match, Placed
from reconciler.model.identity import UnitId
from reconciler.model.plan import LeftOut, Plan
from reconciler.policy import condition
from reconciler.policy.matching import fits
from reconciler.policy.plan_facts import VARIABLES, facts, touched
from tests import factory as f

PLACED = Placed(environment={"tier": "critical", "name": "a label"}, app={"team": "checkout"})


def a_plan() -> Plan:
    there, gone = f.thing("/a", colour="red"), f.thing("/b", "web-2")
    (assessment,) = f.assess(f.desired(f.unit(there, gone)), f.absent(there, gone))
    assert assessment.plan
    return replace(assessment.plan, left_out=(LeftOut("web-3", "no route to host"), LeftOut("web-3", "still none")))


@pytest.mark.parametrize(
    "rule",
    [
        "plan.creates.size() == 2",
        "plan.deletes.size() == 0 && plan.updates.size() == 0 && plan.replaces.size() == 0",
        "plan.changes.all(c, c.kind == 'thing')",
        "plan.changes.exists(c, c.ref == 'thing:/b' && c.target == 'web-2' && c.action == 'create')",
        "plan.cause == 'commit' && plan.commit == 'c1' && plan.version == '1'",
        "plan.targets == ['web-1', 'web-2'] && plan.strategy == 'all-at-once'",
        "plan.leftOut == ['web-3'] && plan.leftOut.size() + plan.targets.size() <= 20",
        "plan.steps[0] == 'apply'",
        "env.tier == 'critical' && env.name == 'production' && !has(env.zone)",
        "app.team == 'checkout' && app.name == 'shop'",
        "unit == 'shop@production' && plan.unit == unit",
        "plan.deletes.size() <= 5 || env.tier != 'critical'",
    ],
)
def test_a_condition_sees_the_plan_and_where_it_goes(rule):
    assert condition.compile(rule, VARIABLES).holds(facts(a_plan(), PLACED))


def test_what_is_touched_are_the_targets_of_the_plan():
    assert touched(a_plan()) == ("web-1", "web-2")


@pytest.mark.parametrize(
    ("match", "fitting"),
    [
        (EVERYTHING, True),
        (Match(environments={"tier": "critical"}), True),
        (Match(environments={"tier": "critical", "zone": "a"}), False),
        (Match(apps={"team": "checkout"}, environments={"tier": "critical"}), True),
        (Match(apps={"team": "search"}), False),
        (Match(units=("shop@production",)), True),
        (Match(units=("shop@staging", "shop@*")), True),
        (Match(units=("*@staging",)), False),
        (Match(units=("SHOP@*",)), False),
        (Match(units=("shop@*",), apps={"team": "search"}), False),
    ],
)
def test_a_unit_is_matched_by_all_labels_and_by_any_glob(match, fitting):
    assert fits(match, UnitId("shop", "production"), PLACED) is fitting
