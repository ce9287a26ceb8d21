"""What is there and is not ours: taken over only where the document says so, and put back when it is taken back."""

from dataclasses import replace

import pytest

from reconciler.model.change import Action, Cause
from reconciler.model.operation import ControlUnit, KeepOriginal, PutBack
from reconciler.model.policy import Prune, PruneMode, RolloutPolicy
from reconciler.model.resource import Absent, Present
from reconciler.model.rollout import Rollout, State, Trigger
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason
from reconciler.policy.adoption import refused
from reconciler.ports.kind import Difference
from tests import factory as f
from tests.plan.standings import good, known, ours

MINE = f.thing("/etc/paint", content="mine")
ADOPTING = replace(MINE, adopt=True)
THEIRS = Present({"content": "theirs", "mode": "0600"})
ALL = RolloutPolicy(name="p", prune=Prune(PruneMode.DELETE, at_most=f.ALL))


def taken_over(*resources):
    return tuple(Owned(resource=each, created=False, before=(each.id.name,)) for each in resources)


def test_a_content_that_is_not_ours_refuses_the_plan_and_the_reason_says_what_to_write():
    (found,) = f.assess(f.desired(f.unit(MINE, f.thing("/new"))), {MINE.id: THEIRS, **f.absent(f.thing("/new"))})
    assert (found.plan, found.waiting.reason) == (None, Reason.PLAN_REFUSED)
    assert found.waiting.detail == (
        "web-1: thing:/etc/paint: /etc/paint is there already (mode 0600), differs (content) and is not ours. Write "
        "`adopt: true` in the resource to take it over: the host keeps what is there now, and has it back when the "
        "resource is taken back; or move it away"
    )


def test_what_nobody_can_keep_is_said_to_be_lost():
    kind = Difference(action=Action.UPDATE, fields=(), loses=("/srv/site",))
    told = refused(MINE, THEIRS, kind, None)
    assert "/srv/site is there already" in told
    assert "what is there now in /srv/site cannot be brought back then" in told


def test_what_we_may_have_made_ourselves_is_mended_and_never_drift_nor_taken_away():
    maybe = Owned(resource=MINE, created=False, sure=False)
    unit = f.unit(MINE, policy=ALL)
    (found,) = f.assess(f.desired(unit), {MINE.id: THEIRS}, known((unit, Verdict.UNKNOWN), owned=(maybe,)))
    assert [(each.action, each.cause, each.adopts) for each in found.plan.changes] == [
        (Action.UPDATE, Cause.COMMIT, ())
    ]
    other = f.unit(f.thing("/other"), policy=ALL)
    seen = {MINE.id: THEIRS, **f.as_wanted(f.thing("/other"))}
    (found,) = f.assess(f.desired(other), seen, known((other, Verdict.GOOD), owned=(maybe,)))
    assert found.plan is None


def test_the_reason_is_said_once_for_all_hosts():
    things = [replace(f.thing("/etc/paint", f"web-{n}", content="mine")) for n in range(1, 8)]
    (found,) = f.assess(f.desired(f.unit(*things)), {each.id: THEIRS for each in things})
    assert found.waiting.detail.startswith("web-1, web-2, web-3, web-4, web-5 and 2 more: thing:/etc/paint: ")
    assert found.waiting.detail.count("adopt: true") == 1


def test_with_adopt_it_is_replaced_and_what_was_there_is_kept_first():
    (found,) = f.assess(f.desired(f.unit(ADOPTING)), {MINE.id: THEIRS})
    (change,) = found.plan.changes
    assert (change.action, change.adopts, found.waiting) == (Action.UPDATE, ("/etc/paint",), None)
    assert found.plan.steps[0].targets[0].operations[0] == KeepOriginal("/etc/paint")


@pytest.mark.parametrize(
    ("seen", "owned"),
    [
        (Absent(), ()),
        (Present({"content": "mine"}), ()),
        (Present({"content": "mine", "size": 1}), ()),
        (THEIRS, ours(MINE)),
        (THEIRS, ours(MINE, created=False)),
    ],
)
def test_what_is_absent_equal_or_ours_already_needs_no_adoption(seen, owned):
    unit = f.unit(MINE)
    (found,) = f.assess(f.desired(unit), {MINE.id: seen}, known((unit, Verdict.UNKNOWN), owned=owned))
    assert found.waiting is None
    assert all(change.adopts == () for change in found.plan.changes)


def test_a_field_that_is_no_content_needs_no_adoption():
    sized = f.thing("/etc/paint", content="mine", size=1)
    (found,) = f.assess(f.desired(f.unit(sized)), {sized.id: Present({"content": "mine", "size": 9})})
    assert [change.action for change in found.plan.changes] == [Action.UPDATE]


def test_a_content_that_is_ignored_is_left_as_it_is():
    (found,) = f.assess(f.desired(f.unit(replace(MINE, ignore=("content",)))), {MINE.id: THEIRS})
    assert found.plan.changes == ()


def test_a_late_host_with_something_of_others_is_left_out_and_the_rest_is_healed():
    things = [f.thing("/etc/paint", f"web-{n}", content="mine") for n in (1, 2)]
    unit = f.unit(*things)
    standing = known((unit, Verdict.GOOD), owned=ours(things[0]))
    (found,) = f.assess(f.desired(unit), {each.id: THEIRS for each in things}, standing)
    assert [change.resource.target for change in found.plan.changes] == ["web-1"]
    assert [each.target for each in found.plan.left_out] == ["web-2"]
    assert found.waiting is None
    (after,) = f.assess(f.desired(unit), {**f.as_wanted(things[0]), things[1].id: THEIRS}, standing)
    assert (after.plan, after.waiting.reason, after.in_sync) == (None, Reason.PLAN_REFUSED, None)


def test_what_was_taken_over_is_put_back_when_nobody_asks_for_it_any_more():
    unit = f.unit(f.thing("/a"), policy=ALL)
    owned = (*ours(f.thing("/a")), *taken_over(MINE))
    (found,) = f.assess(
        f.desired(unit), {**f.as_wanted(f.thing("/a")), MINE.id: Present({})}, known((unit, Verdict.GOOD), owned=owned)
    )
    (change,) = found.plan.changes
    assert (change.action, change.resource) == (Action.RESTORE, MINE.id)
    operations = found.plan.steps[0].targets[0].operations
    assert PutBack("/etc/paint") in operations
    assert [type(each) for each in operations] == [PutBack, ControlUnit]


def test_what_was_taken_over_stays_when_policy_keeps_what_is_no_longer_asked_for():
    unit = f.unit(f.thing("/a"))
    (found,) = f.assess(
        f.desired(unit),
        {**f.as_wanted(f.thing("/a")), MINE.id: Present({})},
        known((unit, Verdict.GOOD), owned=(*ours(f.thing("/a")), *taken_over(MINE))),
    )
    assert found.plan is None


def rollout(unit) -> Rollout:
    return Rollout(
        id="r1", unit=f.SHOP, cause=Cause.COMMIT, commit=unit.commit, version="1", digest=unit.digest,
        state=State.REVERT_NEEDED, forward="p1", plan="p1", started_at=f.NOW, updated_at=f.NOW,
    )  # fmt: skip


def test_a_first_state_that_failed_is_taken_back_to_what_was_there_before():
    new = f.thing("/new", content="x")
    unit = f.unit(ADOPTING, new)
    standing = known((unit, Verdict.BAD), owned=(*taken_over(ADOPTING), *ours(new)), rollout=rollout(unit))
    (found,) = f.assess(f.desired(unit), {MINE.id: Present({}), new.id: Present({})}, standing)
    assert found.signal is None
    assert found.plan.cause is Cause.REVERT
    assert found.plan.unit.named == "what was there before"
    assert {(change.action, change.resource.name, change.cause) for change in found.plan.changes} == {
        (Action.RESTORE, "/etc/paint", Cause.REVERT),
        (Action.DELETE, "/new", Cause.REVERT),
    }


def test_a_first_state_that_brought_nothing_has_nothing_to_be_taken_back():
    unit = f.unit(ADOPTING)
    standing = known((unit, Verdict.BAD), rollout=rollout(unit))
    (found,) = f.assess(f.desired(unit), {MINE.id: THEIRS}, standing)
    assert found.signal.trigger is Trigger.NO_REVERT
    assert found.signal.reason.startswith("no last known good state to go back to")


def test_after_that_the_unit_waits_for_another_commit():
    unit = f.unit(ADOPTING)
    (found,) = f.assess(f.desired(unit), {MINE.id: THEIRS}, known((unit, Verdict.BAD)))
    assert (found.plan, found.waiting.reason) == (None, Reason.NOTHING_TO_REVERT_TO)


def test_what_a_later_bad_state_took_over_is_put_back_by_its_revert():
    old, new = f.unit(f.thing("/a"), commit="c1"), f.unit(f.thing("/a"), ADOPTING, commit="c2", version="2")
    standing = known(
        (old, Verdict.GOOD),
        (new, Verdict.BAD),
        owned=(*ours(f.thing("/a")), *taken_over(ADOPTING)),
        last_good=good(old),
        rollout=rollout(new),
    )
    (found,) = f.assess(f.desired(new), {**f.as_wanted(f.thing("/a")), MINE.id: Present({})}, standing)
    assert [(change.action, change.resource) for change in found.plan.changes] == [(Action.RESTORE, MINE.id)]
