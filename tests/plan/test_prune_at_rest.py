"""What is taken away, and what stays."""

from reconciler.model.change import Action
from reconciler.model.event import PlanAccepted
from reconciler.model.health import HttpCheck
from reconciler.model.identity import UnitId
from reconciler.model.policy import Amount, Prune, PruneMode, RolloutPolicy
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason
from tests import factory as f
from tests.plan.standings import known, ours

RED = f.thing("/etc/paint")
CHECK = HttpCheck(port=80)


def test_what_is_no_longer_asked_for_is_kept_by_default():
    unit = f.unit(RED)
    old = f.thing("/old")
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED, old), known((unit, Verdict.GOOD), owned=ours(RED, old)))
    assert found.plan is None


DELETE = RolloutPolicy(name="p", prune=Prune(mode=PruneMode.DELETE, at_most=Amount(1)))


def test_prune_deletes_what_we_created_and_nothing_else():
    unit = f.unit(RED, policy=DELETE)
    made, found_there = f.thing("/made"), f.thing("/found")
    owned = (*ours(RED, made), *ours(found_there, created=False))
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED, made, found_there), known((unit, Verdict.GOOD), owned=owned))
    assert [(change.action, change.resource.name) for change in found.plan.changes] == [(Action.DELETE, "/made")]
    assert found.plan.kept == ("shop@production/web-1/thing:/found: it was there before us",)


def test_a_plan_that_would_delete_too_much_waits_for_a_person():
    unit = f.unit(RED, policy=DELETE)
    many = [f.thing(f"/old{n}") for n in range(3)]
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED, *many), known((unit, Verdict.GOOD), owned=ours(RED, *many)))
    assert len(found.plan.changes) == 3
    assert found.waiting.reason is Reason.PRUNE_GUARD
    assert "would delete 3 of 4 resources; the policy allows 1" in found.waiting.detail


def test_what_is_gone_already_is_forgotten():
    unit, old = f.unit(RED, policy=DELETE), f.thing("/old")
    (found,) = f.assess(
        f.desired(unit), {**f.as_wanted(RED), **f.absent(old)}, known((unit, Verdict.GOOD), owned=ours(RED, old))
    )
    assert found.plan is None
    assert found.forgotten == (old.id,)


GONE = UnitId("old", "production")
LEFT = f.thing("/x", unit=GONE)


def left_git(seen, created=True, **more):
    shop = f.unit(RED)
    owned = {LEFT.id: Owned(resource=LEFT, created=created)}
    standing = Standing(units={GONE: UnitStanding(unit=GONE, owned=owned, **more)})
    *_, found = f.assess(f.desired(shop), {**f.as_wanted(RED), **seen}, standing)
    return found


def test_a_unit_that_left_git_keeps_what_it_has_until_a_person_wants_it_gone():
    found = left_git(f.as_wanted(LEFT))
    assert (found.unit, found.waiting.reason) == (GONE, Reason.REMOVED)
    assert [(change.action, change.resource) for change in found.plan.changes] == [(Action.DELETE, LEFT.id)]
    yes = PlanAccepted(unit=GONE, plan=found.plan.id, author="ada")
    assert left_git(f.as_wanted(LEFT), accepted=yes).waiting is None


def test_of_a_unit_that_left_git_what_was_there_before_is_only_forgotten():
    found = left_git(f.as_wanted(LEFT), created=False)
    assert (found.plan, found.forgotten) == (None, (LEFT.id,))


def test_of_a_unit_that_left_git_what_is_gone_is_forgotten():
    found = left_git(f.absent(LEFT))
    assert (found.plan, found.forgotten) == (None, (LEFT.id,))


def test_a_unit_and_its_host_that_left_git_are_forgotten():
    shop, there = f.unit(RED), f.thing("/x", "web-9", unit=GONE)
    owned = {there.id: Owned(resource=there, created=True)}
    standing = Standing(units={GONE: UnitStanding(unit=GONE, owned=owned)})
    *_, found = f.assess(f.desired(shop), f.as_wanted(RED), standing)
    assert (found.plan, found.forgotten) == (None, (there.id,))
