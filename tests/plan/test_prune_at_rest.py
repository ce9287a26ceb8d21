"""What is taken away, and what stays."""

from dataclasses import replace

import pytest

from reconciler.model.change import Action, Cause
from reconciler.model.event import Paused, PlanAccepted
from reconciler.model.health import HttpCheck
from reconciler.model.identity import UnitId
from reconciler.model.policy import Amount, Prune, PruneMode, RolloutPolicy
from reconciler.model.resource import Present
from reconciler.model.rollout import Rollout, State, Trigger
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason
from reconciler.model.word import Locked
from reconciler.policy.removal import tombstone
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


def test_what_somebody_put_in_the_place_of_ours_is_not_ours_and_the_rest_is_forgotten():
    unit, old = f.unit(RED, policy=DELETE), f.thing("/old")
    (found,) = f.assess(
        f.desired(unit),
        {**f.as_wanted(RED), old.id: Present({"in the way": "a folder"})},
        known((unit, Verdict.GOOD), owned=ours(RED, old)),
    )
    assert (found.plan, found.forgotten) == (None, (old.id,))


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


def test_a_lock_holds_up_a_removal_that_a_person_accepted():
    yes = PlanAccepted(unit=GONE, plan=left_git(f.as_wanted(LEFT)).plan.id, author="ada")
    lock = Locked(unit=GONE, environment="production", author="ann", reason="audit", at=f.NOW)
    found = left_git(f.as_wanted(LEFT), accepted=yes, words=(lock,))
    assert found.waiting.reason is Reason.LOCKED


def test_a_persons_stop_holds_up_a_removal_that_a_person_accepted():
    yes = PlanAccepted(unit=GONE, plan=left_git(f.as_wanted(LEFT)).plan.id, author="ada")
    stop = Paused(unit=GONE, author="bob", reason="wait")
    found = left_git(f.as_wanted(LEFT), accepted=yes, paused=stop)
    assert (found.waiting.reason, found.waiting.detail) == (Reason.PAUSED, "paused by bob: wait")


@pytest.mark.parametrize(
    ("state", "paused", "told"),
    [
        (State.RUNNING, Paused(unit=GONE, author="bob", reason="wait"), Trigger.PAUSE),
        (State.PAUSED, None, Trigger.RESUME),
        (State.RUNNING, None, None),
    ],
)
def test_a_persons_stop_holds_up_a_removal_that_runs(state, paused, told):
    away = tombstone(GONE, "c2")
    under_way = Rollout(
        id="r1", unit=GONE, cause=Cause.COMMIT, commit="c2", version="gone", digest=away.digest, state=state,
        forward="p1", plan="p1", started_at=f.NOW, updated_at=f.NOW,
    )  # fmt: skip
    found = left_git(f.as_wanted(LEFT), rollout=under_way, paused=paused)
    assert (found.signal and found.signal.trigger, found.plan) == (told, None)


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


CONFIRM = RolloutPolicy(name="p", prune=Prune(PruneMode.DELETE, at_most=f.ALL, confirm=("thing:/data*",)))


def test_what_has_to_be_confirmed_waits_and_the_rest_goes_on():
    unit, data, junk = f.unit(RED, policy=CONFIRM), f.thing("/data/db"), f.thing("/junk")
    standing = known((unit, Verdict.GOOD), owned=ours(RED, data, junk))
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED, data, junk), standing)
    assert ([change.resource for change in found.plan.changes], found.waiting) == ([junk.id], None)
    assert found.plan.kept == (f"{data.id}: a person has to confirm that it goes",)


def test_what_has_to_be_confirmed_goes_when_just_that_plan_is_accepted():
    unit, data = f.unit(RED, policy=CONFIRM), f.thing("/data/db")
    owned = ours(RED, data)
    (held,) = f.assess(f.desired(unit), f.as_wanted(RED, data), known((unit, Verdict.GOOD), owned=owned))
    assert [change.resource for change in held.plan.changes] == [data.id]
    assert held.waiting.reason is Reason.PRUNE_CONFIRM
    assert held.waiting.detail.startswith(
        "a person has to confirm that this goes (prune: confirm): thing:/data/db on web-1; to confirm it: reconciler"
    )
    yes = PlanAccepted(unit=unit.id, plan=held.plan.id, author="ada")
    (goes,) = f.assess(f.desired(unit), f.as_wanted(RED, data), known((unit, Verdict.GOOD), owned=owned, accepted=yes))
    assert (goes.plan, goes.waiting) == (held.plan, None)


@pytest.mark.parametrize(
    ("own", "mode", "becomes"),
    [
        (None, PruneMode.DELETE, "deleted"),
        (None, PruneMode.CONFIRM, "waits"),
        (None, PruneMode.KEEP, "stays"),
        (PruneMode.KEEP, PruneMode.DELETE, "stays"),
        (PruneMode.CONFIRM, PruneMode.DELETE, "waits"),
        (PruneMode.DELETE, PruneMode.KEEP, "deleted"),
    ],
)
def test_what_its_own_document_said_last_comes_before_the_policy(own, mode, becomes):
    unit = f.unit(RED, policy=RolloutPolicy(name="p", prune=Prune(mode, at_most=f.ALL)))
    old = replace(f.thing("/old"), prune=own)
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED, old), known((unit, Verdict.GOOD), owned=ours(RED, old)))
    outcome = "stays" if found.plan is None else "waits" if found.waiting else "deleted"
    assert outcome == becomes


def test_all_that_a_unit_has_is_not_deleted_at_once_whatever_the_policy_allows():
    unit = f.unit(f.thing("/new"), policy=RolloutPolicy(name="p", prune=Prune(PruneMode.DELETE, at_most=f.ALL)))
    old = [f.thing("/a"), f.thing("/b")]
    standing = known((unit, Verdict.UNKNOWN), owned=ours(*old))
    (found,) = f.assess(f.desired(unit), {**f.absent(f.thing("/new")), **f.as_wanted(*old)}, standing)
    assert found.waiting.reason is Reason.PRUNE_GUARD
    assert "would delete all 2 resources of the unit at once" in found.waiting.detail


def test_deletions_go_in_the_reverse_order():
    unit = f.unit(RED, policy=RolloutPolicy(name="p", prune=Prune(PruneMode.DELETE, at_most=f.ALL)))
    folder, inner = f.thing("/srv"), f.thing("/srv/app")
    (found,) = f.assess(
        f.desired(unit), f.as_wanted(RED, folder, inner), known((unit, Verdict.GOOD), owned=ours(RED, folder, inner))
    )
    assert [change.resource.name for change in found.plan.changes] == ["/srv/app", "/srv"]


def test_of_a_unit_that_left_git_what_says_keep_is_only_forgotten():
    shop, there = f.unit(RED), replace(LEFT, prune=PruneMode.KEEP)
    standing = Standing(units={GONE: UnitStanding(unit=GONE, owned={LEFT.id: Owned(resource=there, created=True)})})
    *_, found = f.assess(f.desired(shop), {**f.as_wanted(RED), **f.as_wanted(there)}, standing)
    assert (found.plan, found.forgotten) == (None, (LEFT.id,))
