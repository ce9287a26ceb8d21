"""What is done about a unit that no rollout has in hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Action, Cause
from reconciler.model.event import PlanAccepted
from reconciler.model.health import HttpCheck
from reconciler.model.identity import UnitId
from reconciler.model.plan import Apply, Bake, Probe
from reconciler.model.policy import Amount, OnFailure, Prune, PruneMode, Rolling, RolloutPolicy
from reconciler.model.resource import Absent, DriftMode, Present, Unknown
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.model.waiting import Reason
from tests import factory as f

RED = f.thing("/etc/paint")
CHECK = HttpCheck(port=80)


def known(*units_and_verdicts, owned=(), last_good=None, **more) -> Standing:
    by_unit = {}
    goods = {each.id: Snapshot(each, f.NOW) for each, verdict in units_and_verdicts if verdict is Verdict.GOOD}
    for each, verdict in units_and_verdicts:
        record = VerdictRecord(
            unit=each.id, digest=each.digest, verdict=verdict, reason="it broke", commit=each.commit, at=f.NOW
        )
        before = by_unit.get(each.id, {})
        by_unit[each.id] = {**before, each.digest: record}
    return Standing(
        units={
            of: UnitStanding(
                unit=of,
                verdicts=verdicts,
                owned={each.resource.id: each for each in owned},
                last_good=last_good or goods.get(of),
                **more,
            )
            for of, verdicts in by_unit.items()
        }
    )


def ours(*resources, created=True):
    return tuple(Owned(resource=each, created=created) for each in resources)


def good(unit) -> Snapshot:
    return Snapshot(unit, f.NOW)


def test_what_is_absent_is_created_because_of_the_commit():
    (found,) = f.assess(f.desired(f.unit(RED)), f.absent(RED))
    (change,) = found.plan.changes
    assert (change.action, change.cause, found.plan.cause) == (Action.CREATE, Cause.COMMIT, Cause.COMMIT)
    assert found.waiting is None
    assert found.in_sync is False


def test_a_converged_unit_that_is_good_needs_no_plan():
    unit = f.unit(RED)
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED), known((unit, Verdict.GOOD)))
    assert (found.plan, found.waiting, found.in_sync) == (None, None, True)


def test_a_converged_unit_that_was_never_checked_is_checked_and_not_changed():
    (found,) = f.assess(f.desired(f.unit(RED, health=(CHECK,))), f.as_wanted(RED))
    assert found.plan.steps == (Probe(1, ("web-1",), (CHECK,)),)
    assert found.plan.changes == ()


def test_planning_twice_gives_the_same_plan_id():
    wanted = f.desired(f.unit(RED, f.thing("/b")))
    (one,), (two,) = (
        f.assess(wanted, f.absent(*wanted.units[f.SHOP].resources)),
        f.assess(wanted, f.absent(*reversed(wanted.units[f.SHOP].resources))),
    )
    assert one.plan == two.plan
    assert one.plan.id == two.plan.id != ""


def test_another_world_gives_another_plan_id():
    wanted = f.desired(f.unit(RED))
    (one,) = f.assess(wanted, f.absent(RED))
    (two,) = f.assess(wanted, {RED.id: Present({"colour": "blue"})})
    assert one.plan.id != two.plan.id


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


def test_what_could_not_be_seen_is_not_touched_and_is_said():
    there, away = f.thing("/a", "web-1"), f.thing("/a", "web-2")
    (found,) = f.assess(f.desired(f.unit(there, away)), {there.id: Absent(), away.id: Unknown("no route")})
    assert {change.resource.target for change in found.plan.changes} == {"web-1"}
    assert [(each.target, each.reason) for each in found.plan.left_out] == [("web-2", "no route")]


def test_one_unknown_resource_keeps_its_whole_target_out():
    seen, hidden = f.thing("/a"), f.thing("/b")
    (found,) = f.assess(f.desired(f.unit(seen, hidden)), {seen.id: Absent(), hidden.id: Unknown("denied")})
    assert found.plan is None
    assert found.waiting.reason is Reason.UNREACHABLE


def test_a_rejected_state_is_held_at_the_last_good_one():
    old, new = f.unit(RED, commit="c1"), f.unit(f.thing("/etc/paint", colour="pink"), commit="c2", version="2")
    standing = known((old, Verdict.GOOD), (new, Verdict.BAD), owned=ours(RED), last_good=good(old))
    (found,) = f.assess(f.desired(new), f.as_wanted(RED), standing)
    assert found.plan is None
    assert found.waiting.reason is Reason.REJECTED
    assert found.waiting.detail == "holding at c1, Git says c2 (rejected: it broke)"
    assert found.effective.commit == "c1"


def test_while_holding_what_the_bad_commit_left_is_taken_back():
    old = f.unit(RED, commit="c1")
    pink, extra = f.thing("/etc/paint", colour="pink"), f.thing("/extra")
    new = f.unit(pink, extra, commit="c2", version="2")
    standing = known((old, Verdict.GOOD), (new, Verdict.BAD), owned=ours(pink, extra), last_good=good(old))
    (found,) = f.assess(f.desired(new), f.as_wanted(pink, extra), standing)
    assert [(change.action, change.resource.name) for change in found.plan.changes] == [
        (Action.UPDATE, "/etc/paint"),
        (Action.DELETE, "/extra"),
    ]
    assert found.plan.cause is Cause.REVERT
    assert found.waiting is None


def test_a_rejected_first_state_has_nothing_to_go_back_to():
    unit = f.unit(RED)
    (found,) = f.assess(f.desired(unit), f.absent(RED), known((unit, Verdict.BAD)))
    assert found.plan is None
    assert found.waiting.reason is Reason.NOTHING_TO_REVERT_TO


def test_another_commit_with_the_same_digest_stays_rejected():
    old, bad = f.unit(RED, commit="c1"), f.unit(f.thing("/etc/paint", colour="pink"), commit="c2", version="2")
    standing = known((old, Verdict.GOOD), (bad, Verdict.BAD), owned=ours(RED), last_good=good(old))
    (found,) = f.assess(f.desired(replace(bad, commit="c3")), f.as_wanted(RED), standing)
    assert found.waiting.reason is Reason.REJECTED


def test_a_new_digest_is_tried_from_the_good_base():
    old, bad = f.unit(RED, commit="c1"), f.unit(f.thing("/etc/paint", colour="pink"), commit="c2", version="2")
    fix = f.unit(f.thing("/etc/paint", colour="green"), commit="c3", version="3")
    standing = known((old, Verdict.GOOD), (bad, Verdict.BAD), owned=ours(RED), last_good=good(old))
    (found,) = f.assess(f.desired(fix), f.as_wanted(RED), standing)
    assert found.plan.cause is Cause.COMMIT
    assert found.plan.parent == old.digest
    assert found.waiting is None


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


def test_a_unit_waits_until_what_it_comes_after_is_good_at_this_commit():
    database = UnitId("database", "production")
    first = f.unit(f.thing("/db", unit=database), of=database)
    then = f.unit(RED, after=(database,))
    seen = f.absent(*first.resources, *then.resources)
    found = {each.unit: each for each in f.assess(f.desired(then, first), seen)}
    assert list(found) == [database, f.SHOP]
    assert found[database].waiting is None
    assert found[f.SHOP].waiting.reason is Reason.DEPENDENCY
    older = replace(first, digest="sha256:older")
    stale = {each.unit: each for each in f.assess(f.desired(then, first), seen, known((older, Verdict.GOOD)))}
    assert stale[f.SHOP].waiting.reason is Reason.DEPENDENCY
    ready = {each.unit: each for each in f.assess(f.desired(then, first), seen, known((first, Verdict.GOOD)))}
    assert ready[f.SHOP].waiting is None


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


def test_a_change_restarts_what_depends_on_it_and_says_why():
    config, service = f.thing("/etc/a"), replace(f.thing("a.service"), restart_on=("thing:/etc/a",))
    unit = f.unit(service, config)
    (found,) = f.assess(f.desired(unit), {config.id: Absent(), **f.as_wanted(service)}, known((unit, Verdict.UNKNOWN)))
    config_change, restart = found.plan.changes
    assert config_change.resource == config.id
    assert (restart.resource, restart.fields[0].after) == (service.id, "because of thing:/etc/a")


def test_resources_in_a_circle_are_refused_with_the_circle():
    one, two = replace(f.thing("/a"), depends_on=("thing:/b",)), replace(f.thing("/b"), depends_on=("thing:/a",))
    (found,) = f.assess(f.desired(f.unit(one, two)), f.absent(one, two))
    assert found.waiting.reason is Reason.PLAN_REFUSED
    assert found.waiting.detail.endswith("in a circle: thing:/a → thing:/b → thing:/a")


def test_a_folder_comes_before_what_is_in_it():
    inner, outer = f.thing("/srv/app/conf"), f.thing("/srv/app")
    (found,) = f.assess(f.desired(f.unit(inner, outer)), f.absent(inner, outer))
    assert [change.resource.name for change in found.plan.changes] == ["/srv/app", "/srv/app/conf"]


def test_a_blocked_unit_says_what_is_missing():
    unit = replace(f.unit(RED), blocked="secret shop/db is nowhere")
    (found,) = f.assess(f.desired(unit), f.absent(RED))
    assert (found.plan, found.waiting.reason) == (None, Reason.BLOCKED)


@pytest.mark.parametrize("on_failure", [OnFailure.HOLD, OnFailure.CONTINUE])
def test_what_policy_holds_after_a_failure_is_left_as_it_is(on_failure):
    policy = RolloutPolicy(name="p", on_failure=on_failure)
    old = f.unit(RED, commit="c1")
    new = f.unit(f.thing("/etc/paint", colour="pink"), commit="c2", version="2", policy=policy)
    standing = known((old, Verdict.GOOD), (new, Verdict.BAD), owned=ours(RED), last_good=good(old))
    (found,) = f.assess(f.desired(new), f.as_wanted(*new.resources), standing)
    assert found.plan is None
    assert found.waiting.reason is Reason.REJECTED
    assert "left as it is for a person to look at" in found.waiting.detail


def test_a_revert_that_failed_is_tried_again_later_and_says_so():
    old, new = f.unit(RED, commit="c1"), f.unit(f.thing("/etc/paint", colour="pink"), commit="c2", version="2")
    standing = known(
        (old, Verdict.GOOD),
        (new, Verdict.BAD),
        owned=ours(*new.resources),
        last_good=good(old),
        failed_heals=1,
        last_failed_at=f.NOW,
    )
    (found,) = f.assess(f.desired(new), f.as_wanted(*new.resources), standing)
    assert (found.waiting.reason, found.waiting.until) == (Reason.REVERT_FAILED, f.NOW + timedelta(seconds=2))
    (later,) = f.assess(f.desired(new), f.as_wanted(*new.resources), standing, now=f.NOW + timedelta(seconds=2))
    assert (later.plan.cause, later.waiting) == (Cause.REVERT, None)


@pytest.mark.parametrize("mode", [DriftMode.REPORT, DriftMode.HOLD])
def test_drift_left_alone_does_not_keep_a_new_state_from_being_judged(mode):
    unit = f.unit(RED, policy=RolloutPolicy(name="p", drift=mode), health=(CHECK,))
    (found,) = f.assess(f.desired(unit), f.absent(RED), known((unit, Verdict.UNKNOWN), owned=ours(RED)))
    assert found.plan.changes == ()
    assert found.waiting is None
    assert found.drifted == ("web-1/thing:/etc/paint",)


def test_what_was_not_compared_is_neither_in_sync_nor_not():
    unit = replace(f.unit(RED), blocked="secret shop/db is nowhere")
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED))
    assert found.in_sync is None


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
