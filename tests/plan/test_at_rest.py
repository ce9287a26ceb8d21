"""What is done about a unit that no rollout has in hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Action, Cause
from reconciler.model.health import HttpCheck
from reconciler.model.identity import UnitId
from reconciler.model.plan import Probe
from reconciler.model.policy import OnFailure, RolloutPolicy
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from reconciler.plan.consent import as_asked
from tests import factory as f
from tests.plan.standings import good, known, ours

RED = f.thing("/etc/paint")
CHECK = HttpCheck(port=80)


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


def test_what_could_not_be_seen_is_not_touched_and_is_said():
    there, away = f.thing("/a", "web-1"), f.thing("/a", "web-2")
    (found,) = f.assess(f.desired(f.unit(there, away)), {there.id: Absent(), away.id: Unknown("no route")})
    assert {change.resource.target for change in found.plan.changes} == {"web-1"}
    assert [(each.target, each.reason) for each in found.plan.left_out] == [("web-2", "no route")]


def test_why_a_target_cannot_be_seen_is_no_other_plan_to_consent_to():
    there, away = f.thing("/a", "web-1"), f.thing("/a", "web-2")

    def plan(why):
        (found,) = f.assess(f.desired(f.unit(there, away)), {there.id: Absent(), away.id: Unknown(why)})
        return found.plan

    one, other = plan("no route to host"), plan("no answer within 10 s")
    assert one.observation == other.observation
    assert as_asked(one) == as_asked(other)
    assert as_asked(one) == as_asked(replace(one, fences={"web-1": 7}))
    assert as_asked(one) != as_asked(replace(one, left_out=()))


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


def test_what_was_not_compared_is_neither_in_sync_nor_not():
    unit = replace(f.unit(RED), blocked="secret shop/db is nowhere")
    (found,) = f.assess(f.desired(unit), f.as_wanted(RED))
    assert found.in_sync is None
