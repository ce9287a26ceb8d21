"""A unit whose rollout has not ended: it goes on, stops, or is taken back."""

from dataclasses import replace

import pytest

from reconciler.model.change import Action, Cause
from reconciler.model.event import Paused
from reconciler.model.policy import OnFailure
from reconciler.model.resource import Present
from reconciler.model.rollout import Rollout, State, Trigger
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from tests import factory as f

RED = f.thing("/etc/paint")
PINK = f.thing("/etc/paint", colour="pink")
GOOD, BAD = f.unit(RED, commit="c1"), f.unit(PINK, commit="c2", version="2")
FIX = f.unit(f.thing("/etc/paint", colour="green"), commit="c3", version="3")
SOMEBODY = Paused(unit=f.SHOP, author="ada", reason="looking")


def rollout(of=BAD, state=State.RUNNING, cause=Cause.COMMIT) -> Rollout:
    return Rollout(
        id="r1", unit=f.SHOP, cause=cause, commit=of.commit, version=of.version, digest=of.digest, state=state,
        forward="p1", plan="p1", started_at=f.NOW, updated_at=f.NOW,
    )  # fmt: skip


def standing(rollout, *, bad=None, good=GOOD, owned=(), paused=None) -> Standing:
    verdicts = {}
    for each, verdict in ((good, Verdict.GOOD), (bad, Verdict.BAD)):
        if each:
            verdicts[each.digest] = VerdictRecord(
                unit=f.SHOP, digest=each.digest, verdict=verdict, reason="it broke", commit=each.commit, at=f.NOW
            )
    known = UnitStanding(
        unit=f.SHOP,
        rollout=rollout,
        verdicts=verdicts,
        last_good=Snapshot(good, f.NOW) if good else None,
        owned={each.id: Owned(resource=each, created=True) for each in owned},
        paused=paused,
    )
    return Standing(units={f.SHOP: known})


def assess(wanted, seen, known):
    (found,) = f.assess(f.desired(wanted), seen, known)
    return found


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING])
def test_a_rollout_of_what_git_says_goes_on(state):
    found = assess(BAD, {}, standing(rollout(state=state)))
    assert (found.plan, found.signal, found.waiting) == (None, None, None)


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING, State.PAUSED])
def test_a_newer_desired_state_supersedes(state):
    found = assess(FIX, {}, standing(rollout(state=state)))
    assert (found.signal.trigger, found.signal.reason) == (Trigger.SUPERSEDE, "Git now says c3")


@pytest.mark.parametrize("state", [State.REVERT_NEEDED, State.REVERTING, State.REVERT_PAUSED])
def test_a_newer_desired_state_supersedes_a_revert_too(state):
    found = assess(FIX, {}, standing(rollout(state=state), bad=BAD))
    assert found.signal.trigger is Trigger.SUPERSEDE


def test_a_commit_of_another_app_supersedes_nothing():
    found = assess(replace(BAD, commit="c9"), {}, standing(rollout()))
    assert found.signal is None


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING, State.REVERT_NEEDED, State.REVERTING])
def test_a_person_pauses_whatever_runs(state):
    found = assess(BAD, {}, standing(rollout(state=state), paused=SOMEBODY))
    assert (found.signal.trigger, found.signal.reason) == (Trigger.PAUSE, "paused by ada: looking")


def test_a_person_pauses_also_while_a_secret_cannot_be_read():
    blocked = replace(BAD, blocked="the secret db/x is missing")
    found = assess(blocked, {}, standing(rollout(), paused=SOMEBODY))
    assert (found.signal.trigger, found.signal.reason) == (Trigger.PAUSE, "paused by ada: looking")
    still = assess(blocked, {}, standing(rollout(state=State.PAUSED), paused=SOMEBODY))
    assert (still.signal, still.waiting.detail) == (None, "paused by ada: looking")


@pytest.mark.parametrize("state", [State.PAUSED, State.REVERT_PAUSED])
def test_a_paused_rollout_stays_so_until_the_pause_is_lifted(state):
    still = assess(BAD, {}, standing(rollout(state=state), paused=SOMEBODY))
    assert (still.signal, still.waiting.detail) == (None, "paused by ada: looking")
    bad = BAD if state is State.REVERT_PAUSED else None
    lifted = assess(BAD, {}, standing(rollout(state=state), bad=bad))
    assert lifted.signal.trigger is Trigger.RESUME


def test_a_failed_rollout_is_planned_back_to_the_last_good_state_at_once():
    extra = f.thing("/extra")
    bad = f.unit(PINK, extra, commit="c2", version="2")
    known = standing(rollout(of=bad, state=State.REVERT_NEEDED), bad=bad, owned=(PINK, extra))
    found = assess(bad, f.as_wanted(PINK, extra), known)
    assert found.plan.unit.commit == "c1"
    assert [(c.action, c.resource.name, c.cause) for c in found.plan.changes] == [
        (Action.UPDATE, "/etc/paint", Cause.REVERT),
        (Action.DELETE, "/extra", Cause.REVERT),
    ]


def test_a_revert_leaves_alone_what_the_bad_commit_did_not_bring():
    old = f.thing("/old")
    known = standing(rollout(state=State.REVERT_NEEDED), bad=BAD, owned=(PINK, old))
    found = assess(BAD, f.as_wanted(PINK, old), known)
    assert [c.resource.name for c in found.plan.changes] == ["/etc/paint"]


def test_a_revert_that_would_change_nothing_says_so():
    found = assess(BAD, f.as_wanted(RED), standing(rollout(state=State.REVERT_NEEDED), bad=BAD))
    assert found.signal.trigger is Trigger.NO_REVERT
    assert found.signal.reason == "nothing to take back: everything is as c1 says"


def test_without_a_good_state_there_is_no_revert():
    found = assess(BAD, f.as_wanted(PINK), standing(rollout(state=State.REVERT_NEEDED), bad=BAD, good=None))
    assert found.signal.trigger is Trigger.NO_REVERT


def test_a_revert_that_policy_no_longer_wants_is_left_as_it_is():
    held = replace(BAD, policy=replace(BAD.policy, on_failure=OnFailure.HOLD))
    found = assess(held, f.as_wanted(PINK), standing(rollout(state=State.REVERT_NEEDED), bad=BAD))
    assert (found.plan, found.signal.trigger) == (None, Trigger.NO_REVERT)
    assert found.signal.reason == "no last known good state to go back to"


def test_a_revert_that_something_stands_in_the_way_of_is_a_persons():
    seen = {RED.id: Present({"in the way": "a directory"})}
    found = assess(BAD, seen, standing(rollout(state=State.REVERT_NEEDED), bad=BAD))
    assert found.signal.trigger is Trigger.NO_REVERT
    assert found.signal.reason.startswith("cannot go back: ")
    assert "a directory is in the way; move it" in found.signal.reason


def test_a_good_state_that_can_no_longer_be_ordered_is_a_persons():
    one, two = f.thing("/one"), f.thing("/two")
    circle = f.unit(replace(one, depends_on=(two.id.ref,)), replace(two, depends_on=(one.id.ref,)), commit="c1")
    found = assess(BAD, f.absent(one, two), standing(rollout(state=State.REVERT_NEEDED), bad=BAD, good=circle))
    assert found.signal.trigger is Trigger.NO_REVERT
    assert "depend on each other in a circle" in found.signal.reason


def test_a_revert_waits_while_no_target_can_be_seen():
    found = assess(BAD, {}, standing(rollout(state=State.REVERT_NEEDED), bad=BAD))
    assert (found.plan, found.signal) == (None, None)
    assert found.waiting.detail.startswith("cannot see web-1")


def test_a_rollout_whose_unit_left_git_is_superseded():
    other = f.unit(f.thing("/x", unit=f.UnitId("other", "production")), of=f.UnitId("other", "production"))
    *_, found = f.assess(f.desired(other), f.as_wanted(*other.resources), standing(rollout()))
    assert found.signal.trigger is Trigger.SUPERSEDE


def test_a_missing_secret_supersedes_nothing():
    found = assess(replace(FIX, blocked="secret shop/db is nowhere"), {}, standing(rollout()))
    assert found.signal is None
    assert found.waiting.detail == "secret shop/db is nowhere"
