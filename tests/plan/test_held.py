"""What a person decides about a unit wins over Git: a hold, an abort, a promotion."""

from dataclasses import replace

import pytest

from reconciler.model.change import Action, Cause
from reconciler.model.event import AbortRequested, Pinned
from reconciler.model.policy import OnFailure, RolloutPolicy
from reconciler.model.rollout import Decided, Decision, Rollout, State, Trigger
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.model.waiting import Reason
from tests import factory as f

RED, PINK, BLUE = f.thing("/etc/paint"), f.thing("/etc/paint", colour="pink"), f.thing("/etc/paint", colour="blue")
BRUSH = f.thing("/etc/brush")
OLD, NEW = f.unit(RED, commit="c1000000"), f.unit(PINK, BRUSH, commit="c2000000", version="2")
NEWER = f.unit(BLUE, commit="c3000000", version="3")


def pinned(at=OLD) -> Pinned:
    return Pinned(unit=f.SHOP, digest=at.digest, named=at.named, author="ada", reason="looking")


def rollout(of=NEW, state=State.RUNNING, cause=Cause.COMMIT, **more) -> Rollout:
    return Rollout(
        id="r1", unit=f.SHOP, cause=cause, commit=of.commit, version=of.version, digest=of.digest, state=state,
        forward="p1", plan="p1", started_at=f.NOW, updated_at=f.NOW, **more,
    )  # fmt: skip


def standing(*, at=OLD, kept=True, good=NEW, bad=None, owned=(PINK, BRUSH), **more) -> Standing:
    verdicts = {
        each.digest: VerdictRecord(
            unit=f.SHOP, digest=each.digest, verdict=verdict, reason="it broke", commit=each.commit, at=f.NOW
        )
        for each, verdict in ((good, Verdict.GOOD), (OLD, Verdict.GOOD), (bad, Verdict.BAD))
        if each
    }
    known = UnitStanding(
        unit=f.SHOP,
        verdicts=verdicts,
        last_good=Snapshot(good, f.NOW) if good else None,
        owned={each.id: Owned(resource=each, created=True) for each in owned},
        pinned=pinned(at) if at else None,
        pinned_at=Snapshot(at, f.NOW) if at and kept else None,
        **more,
    )
    return Standing(units={f.SHOP: known})


def assess(wanted, seen, known):
    (found,) = f.assess(f.desired(wanted), seen, known)
    return found


def test_a_unit_that_is_held_goes_back_to_where_a_person_wants_it_and_takes_along_what_came_since():
    found = assess(NEW, f.as_wanted(PINK, BRUSH), standing())
    assert (found.effective.digest, found.plan.cause, found.waiting) == (OLD.digest, Cause.REVERT, None)
    assert {(each.resource.name, each.action, each.cause) for each in found.plan.changes} == {
        ("/etc/paint", Action.UPDATE, Cause.REVERT),
        ("/etc/brush", Action.DELETE, Cause.REVERT),
    }


def test_a_unit_that_is_where_it_is_held_waits_whatever_git_says():
    found = assess(NEWER, f.as_wanted(RED), standing(owned=(RED,)))
    assert (found.plan, found.in_sync, found.waiting.reason) == (None, True, Reason.HELD)
    assert found.waiting.detail == "held at 1 (c100000) by ada: looking; Git says 3 (c300000)"


def test_a_unit_that_is_held_at_what_git_says_is_in_sync_and_says_that_it_is_held():
    found = assess(OLD, f.as_wanted(RED), standing(good=OLD, owned=(RED,)))
    assert (found.plan, found.in_sync) == (None, True)
    assert found.waiting.detail == "held at 1 (c100000) by ada: looking; Git says the same"


def test_a_hold_wins_over_a_verdict():
    found = assess(OLD, f.as_wanted(RED), standing(good=OLD, bad=OLD, owned=(RED,)))
    assert (found.plan, found.rejected, found.effective.digest) == (None, None, OLD.digest)


def test_drift_of_a_unit_that_is_held_is_healed_and_is_no_revert():
    found = assess(NEWER, f.as_wanted(BLUE), standing(owned=(RED,)))
    assert found.plan.cause is Cause.DRIFT


def test_a_hold_at_a_state_that_is_lost_leaves_the_unit_as_it_is():
    found = assess(NEW, f.as_wanted(PINK), standing(kept=False))
    assert (found.plan, found.waiting.reason) == (None, Reason.HELD)
    assert found.waiting.detail.endswith("is not stored any more; to follow Git: reconciler release shop@production")


@pytest.mark.parametrize(
    ("state", "at", "good", "superseded"),
    [
        (State.RUNNING, OLD, OLD, True),
        (State.RUNNING, NEW, OLD, False),
        (State.REVERT_NEEDED, OLD, OLD, False),
        (State.REVERTING, OLD, OLD, False),
        (State.REVERTING, OLD, NEWER, True),
        (State.REVERT_PAUSED, OLD, None, True),
    ],
)
def test_a_hold_ends_a_rollout_to_another_state(state, at, good, superseded):
    known = standing(at=at, good=good, rollout=rollout(state=state))
    found = assess(NEW, f.as_wanted(PINK, BRUSH), known)
    signal = found.signal if found.signal and found.signal.trigger is Trigger.SUPERSEDE else None
    assert (signal is not None) is superseded
    if signal:
        assert signal.reason == f"held at {at.named} by ada"


def test_a_revert_that_has_no_plan_yet_goes_to_where_the_unit_is_held():
    known = standing(good=NEWER, bad=NEW, rollout=rollout(state=State.REVERT_NEEDED))
    found = assess(NEW, f.as_wanted(PINK, BRUSH), known)
    assert (found.plan.unit.digest, found.plan.cause) == (OLD.digest, Cause.REVERT)


def abort(*, leave=False, of="r1") -> AbortRequested:
    return AbortRequested(unit=f.SHOP, rollout=of, author="ada", reason="no", leave=leave)


@pytest.mark.parametrize(
    ("state", "leave", "trigger"),
    [
        (State.PENDING, False, Trigger.TAKE_BACK),
        (State.RUNNING, False, Trigger.TAKE_BACK),
        (State.PAUSED, False, Trigger.TAKE_BACK),
        (State.RUNNING, True, Trigger.ABORT),
        (State.REVERTING, True, Trigger.ABORT),
        (State.REVERTING, False, None),
    ],
)
def test_a_person_ends_a_rollout(state, leave, trigger):
    known = standing(at=None, good=OLD, rollout=rollout(state=state), abort=abort(leave=leave))
    signal = assess(NEW, f.as_wanted(RED), known).signal
    assert (signal.trigger if signal and signal.trigger is not Trigger.RESUME else None) is trigger
    assert not trigger or signal.reason == "aborted by ada: no"


def test_an_abort_of_an_earlier_rollout_ends_nothing():
    known = standing(at=None, good=OLD, rollout=rollout(), abort=abort(of="r0"))
    assert assess(NEW, f.as_wanted(RED), known).signal is None


def test_what_a_person_wants_taken_back_is_though_policy_would_hold_it():
    wanted = replace(NEW, policy=RolloutPolicy(name="held", on_failure=OnFailure.HOLD))
    going = rollout(state=State.REVERT_NEEDED)
    known = standing(at=None, good=OLD, bad=NEW, rollout=going, abort=abort())
    assert assess(wanted, f.as_wanted(PINK, BRUSH), known).plan.unit.digest == OLD.digest
    left = standing(at=None, good=OLD, bad=NEW, rollout=going)
    assert assess(wanted, f.as_wanted(PINK, BRUSH), left).signal.trigger is Trigger.NO_REVERT


def test_what_a_person_ended_half_way_stays_so_until_it_is_tried_again_or_git_says_something_else():
    ended = rollout(state=State.ABORTED, reason="aborted by ada: no")
    known = standing(at=None, good=OLD, owned=(RED,), last=ended)
    seen = {**f.as_wanted(RED), **f.absent(BRUSH)}
    found = assess(NEW, seen, known)
    assert found.waiting.reason is Reason.HELD
    assert found.waiting.detail == (
        "aborted by ada: no; left as it is until a new commit, or reconciler retry shop@production --reason TEXT"
    )
    assert assess(NEWER, seen, known).waiting is None


def decision(decided=Decided.APPROVE, author="ada", of="r1") -> Decision:
    return Decision(rollout=of, plan="p1", index=2, decided=decided, author=author, reason="", at=f.NOW)


def test_a_rollout_is_told_what_people_decided_one_by_one():
    first, second = decision(), decision(author="bob")
    known = standing(at=None, good=OLD, rollout=rollout(decisions=(first,)), decisions=(first, second))
    signal = assess(NEW, f.as_wanted(RED), known).signal
    assert (signal.trigger, signal.decision, signal.reason) == (Trigger.DECIDE, second, "approve by bob")


@pytest.mark.parametrize(
    ("state", "decisions"),
    [(State.RUNNING, (decision(of="r0"),)), (State.REVERTING, (decision(),)), (State.RUNNING, ())],
)
def test_a_rollout_is_told_nothing_that_is_not_about_it(state, decisions):
    bad = NEW if state is State.REVERTING else None
    known = standing(at=None, good=OLD, bad=bad, rollout=rollout(state=state), decisions=decisions)
    assert assess(NEW, f.as_wanted(RED), known).signal is None
