"""A plan says of each target whether what happens there is guarded."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.desired.policy_documents import RolloutPolicySpec
from reconciler.model.guard import Guard, Guarding, GuardMode
from reconciler.model.plan import Apply
from reconciler.model.policy import Prune, PruneMode, RolloutPolicy
from reconciler.model.verdict import Owned, Verdict
from tests import factory as f
from tests.plan.standings import known

SOON = Guard(timedelta(seconds=20), persistent=True)
AUTO = RolloutPolicy(name="p")
PRUNING = RolloutPolicy(name="p", prune=Prune(PruneMode.DELETE, at_most=f.ALL))
ALWAYS = RolloutPolicy(name="p", guarding=Guarding(GuardMode.ALWAYS, SOON))


def guards_of(found):
    return {each.target: each.guard for step in found.plan.steps if isinstance(step, Apply) for each in step.targets}


def assessed(*things, policy=AUTO):
    unit = f.unit(*things, policy=policy)
    (found,) = f.assess(f.desired(unit), f.absent(*things))
    return found


def test_each_target_has_its_own():
    here, there = replace(f.thing("a"), guard=True), f.thing("a", "web-2")
    assert guards_of(assessed(here, there)) == {"web-1": Guard(), "web-2": None}
    assert guards_of(assessed(here, there, policy=ALWAYS)) == {"web-1": SOON, "web-2": SOON}


def test_a_resource_that_goes_away_is_guarded_as_it_was():
    stays, gone = f.thing("stays"), replace(f.thing("gone"), guard=True)
    unit = f.unit(stays, policy=PRUNING)
    owned = tuple(Owned(resource=each, created=True) for each in (stays, gone))
    (found,) = f.assess(f.desired(unit), f.as_wanted(stays, gone), known((unit, Verdict.GOOD), owned=owned))
    assert guards_of(found) == {"web-1": Guard()}


def test_a_guard_is_a_part_of_what_the_plan_is():
    plain, marked = assessed(f.thing("a")), assessed(replace(f.thing("a"), guard=True))
    assert plain.plan.unit.digest == marked.plan.unit.digest
    assert plain.plan.id != marked.plan.id


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({}, Guarding()),
        ({"mode": "never"}, Guarding(GuardMode.NEVER)),
        (
            {"within": "45s", "persistent": True},
            Guarding(GuardMode.AUTO, Guard(timedelta(seconds=45), persistent=True)),
        ),
    ],
)
def test_a_policy_says_what_it_says(written, meant):
    assert RolloutPolicySpec.model_validate({"guard": written}).to_model("p").guarding == meant


@pytest.mark.parametrize("within", ["1s", "2h", "soon"])
def test_a_time_in_which_nobody_can_come_is_a_mistake(within):
    with pytest.raises(ValueError, match=r"between 5s and 1h|expected a duration"):
        RolloutPolicySpec.model_validate({"guard": {"within": within}})
