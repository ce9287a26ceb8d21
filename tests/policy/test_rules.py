"""Rules of policy, one table each."""

from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.difference import Orphan
from reconciler.model.identity import UnitId
from reconciler.model.policy import Amount, Prune, PruneMode
from reconciler.model.resource import Present
from reconciler.model.rollout import Rollout, State
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.policy.amount import at_least_one
from reconciler.policy.dependency import dependency
from reconciler.policy.drift import next_try
from reconciler.policy.holding import holding
from reconciler.policy.prune import pruning
from reconciler.policy.scope import scope
from tests import factory as f

DATABASE = UnitId("database", "production")


@pytest.mark.parametrize(
    ("amount", "of", "count"),
    [
        (Amount(1), 10, 1),
        (Amount(3), 10, 3),
        (Amount(0), 10, 1),
        (Amount(25, percent=True), 4, 1),
        (Amount(20, percent=True), 3, 1),
        (Amount(50, percent=True), 3, 2),
        (Amount(100, percent=True), 7, 7),
        (Amount(0, percent=True), 7, 1),
    ],
)
def test_amounts_round_up_and_are_never_nothing(amount, of, count):
    assert at_least_one(amount, of) == count


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 6), (3, 18), (4, 54), (5, 162), (6, 300), (50, 300)])
def test_the_wait_after_failed_heals_grows_to_five_minutes(failures, seconds):
    known = UnitStanding(unit=f.SHOP, failed_heals=failures, last_failed_at=f.NOW)
    assert next_try(known) == f.NOW + timedelta(seconds=seconds)


def test_without_a_failure_there_is_no_wait():
    assert next_try(UnitStanding(unit=f.SHOP)) is None


def record(unit, verdict):
    return VerdictRecord(unit=unit.id, digest=unit.digest, verdict=verdict, reason="why", commit="c", at=f.NOW)


def test_a_unit_whose_good_state_is_the_rejected_one_has_none():
    unit = f.unit(f.thing("/a"))
    known = UnitStanding(
        unit=unit.id, verdicts={unit.digest: record(unit, Verdict.BAD)}, last_good=Snapshot(unit, f.NOW)
    )
    assert holding(unit, known).unit is None


def test_the_policy_of_today_governs_the_state_of_yesterday():
    old, new = f.unit(f.thing("/a", colour="x")), f.unit(f.thing("/a"), policy=f.RolloutPolicy(name="new"))
    known = UnitStanding(unit=new.id, verdicts={new.digest: record(new, Verdict.BAD)}, last_good=Snapshot(old, f.NOW))
    assert holding(new, known).unit.policy.name == "new"


@pytest.mark.parametrize(
    ("known", "detail"),
    [
        ({"verdict": Verdict.GOOD}, None),
        ({"verdict": Verdict.UNKNOWN}, "database@production has not been rolled out at this commit yet"),
        ({}, "database@production has not been rolled out at this commit yet"),
        ({"verdict": Verdict.BAD}, "database@production was rejected: why"),
        ({"verdict": Verdict.GOOD, "rolling": True}, "database@production is being rolled out"),
    ],
)
def test_what_a_unit_waits_for_is_said(known, detail):
    first = f.unit(f.thing("/db", unit=DATABASE), of=DATABASE)
    then = f.unit(f.thing("/a"), after=(DATABASE, UnitId("gone", "production")))
    verdicts = {first.digest: record(first, known["verdict"])} if "verdict" in known else {}
    rollout = running(first) if known.get("rolling") else None
    standing = Standing(
        units={
            DATABASE: UnitStanding(unit=DATABASE, verdicts=verdicts, rollout=rollout, last_good=Snapshot(first, f.NOW))
        }
    )
    found = dependency(then, f.desired(then, first), standing)
    assert (found.detail if found else None) == detail


def running(unit, state=State.RUNNING):
    return Rollout(
        id="r", unit=unit.id, cause=Cause.COMMIT, commit="c", version="1", digest=unit.digest, state=state,
        forward="p", plan="p", started_at=f.NOW, updated_at=f.NOW,
    )  # fmt: skip


def orphans(count):
    owned = [Owned(resource=f.thing(f"/{number}"), created=True) for number in range(count)]
    return [Orphan(owned=each, seen=Present({})) for each in owned]


@pytest.mark.parametrize(
    ("at_most", "orphaned", "owned", "stopped"),
    [
        (Amount(2), 2, 9, False),
        (Amount(2), 3, 9, True),
        (Amount(20, percent=True), 2, 10, False),
        (Amount(20, percent=True), 3, 10, True),
        (Amount(20, percent=True), 1, 2, False),
        (Amount(0), 1, 9, True),
        (Amount(0, percent=True), 1, 9, True),
    ],
)
def test_prune_stops_at_what_policy_allows(at_most, orphaned, owned, stopped):
    found = pruning(Prune(PruneMode.DELETE, at_most), orphans(orphaned), owned)
    assert (found.guard is not None) == stopped
    assert len(found.delete) == orphaned


def test_keeping_deletes_nothing_and_says_what_stays():
    found = pruning(Prune(PruneMode.KEEP), orphans(1), 5)
    assert found.delete == ()
    assert found.kept == ("shop@production/web-1/thing:/0: policy keeps what is no longer asked for",)


def test_a_pass_looks_at_what_is_wanted_and_at_what_is_ours():
    wanted, old = f.thing("/a"), f.thing("/old")
    unit = f.unit(wanted)
    known = UnitStanding(unit=unit.id, owned={old.id: Owned(resource=old, created=True)})
    assert scope(f.desired(unit), Standing(units={unit.id: known})) == {"web-1": (wanted, old)}


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING, State.REVERTING, State.PAUSED])
def test_a_pass_does_not_look_at_what_is_being_changed(state):
    unit = f.unit(f.thing("/a"))
    known = UnitStanding(unit=unit.id, rollout=running(unit, state))
    assert scope(f.desired(unit), Standing(units={unit.id: known})) == {}


def test_a_pass_does_not_look_at_hosts_that_left_git():
    unit, old = f.unit(f.thing("/a")), f.thing("/old", "web-9")
    known = UnitStanding(unit=unit.id, owned={old.id: Owned(resource=old, created=True)})
    assert set(scope(f.desired(unit), Standing(units={unit.id: known}))) == {"web-1"}
