"""Rollouts in the journal: one at a time for a unit, fenced by leases, with the contents they need."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.canonical import digest
from reconciler.model.change import Cause
from reconciler.model.content import Artifact
from reconciler.model.event import RetryRequested, RolloutMoved, SnapshotTaken, VerdictGiven
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, State
from reconciler.model.verdict import Verdict
from reconciler.ports.journal import Lease, LeaseLost
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP
from tests.sim import plans

MINUTE = timedelta(minutes=1)


def planned(version: str, cause: Cause = Cause.COMMIT) -> Plan:
    return plans.at_once(plans.shop(version, ("web-1",)), cause)


async def begun(store: SqliteStore, name: str, plan: Plan) -> tuple[Rollout, Lease]:
    rollout = plans.pending(plan, name, NOW)
    await store.begin(rollout, plan, plans.contents(plan.unit.version), NOW)
    lease = await store.claim(name, "one", NOW, NOW + MINUTE)
    assert lease
    return rollout, lease


async def ended(store: SqliteStore, name: str, plan: Plan, state: State, at: timedelta = MINUTE) -> Rollout:
    rollout, lease = await begun(store, name, plan)
    after = replace(rollout, state=state, updated_at=NOW + at)
    moved = RolloutMoved(rollout=name, unit=SHOP, before="running", after=state.value, reason="")
    good = VerdictGiven(unit=SHOP, digest=plan.unit.digest, verdict=Verdict.GOOD, reason="", commit="c")
    snapshot = (good, SnapshotTaken(unit=plan.unit)) if state is State.SUCCEEDED else ()
    await store.record(lease, after, [moved, *snapshot], NOW + at)
    return after


async def test_a_unit_has_one_unfinished_rollout(store: SqliteStore) -> None:
    rollout, _ = await begun(store, "r1", planned("1"))
    await store.begin(plans.pending(planned("2"), "r2", NOW), planned("2"), plans.contents("2"), NOW)
    assert (await store.standing()).of(SHOP).rollout == rollout
    assert await store.history.running() == [rollout]
    with pytest.raises(KeyError, match="r2"):
        await store.load("r2")
    with pytest.raises(KeyError, match="sha256"):
        await store.contents(plans.contents("2"))


async def test_the_same_plan_may_be_begun_again_after_its_end(store: SqliteStore) -> None:
    await ended(store, "r1", planned("1"), State.ABORTED)
    rollout, _ = await begun(store, "r2", planned("1"))
    assert await store.load("r2") == (rollout, planned("1"))
    assert [one.id for one in await store.history.rollouts(SHOP)] == ["r2", "r1"]
    assert [one.id for one in await store.history.rollouts(limit=1)] == ["r2"]


async def test_a_plan_without_its_contents_is_not_begun(store: SqliteStore) -> None:
    with pytest.raises(ValueError, match="whose content is not stored"):
        await store.begin(plans.pending(planned("1"), "r1", NOW), planned("1"), {}, NOW)
    assert (await store.standing()).units == {}


async def test_a_claim_lasts_until_it_runs_out_and_a_later_one_fences_it(store: SqliteStore) -> None:
    rollout, first = await begun(store, "r1", planned("1"))
    assert await store.claim("r1", "two", NOW + MINUTE / 2, NOW + 2 * MINUTE) is None
    await store.renew(first, NOW + 2 * MINUTE)
    assert await store.claim("r1", "two", NOW + MINUTE, NOW + 3 * MINUTE) is None
    second = await store.claim("r1", "two", NOW + 2 * MINUTE, NOW + 3 * MINUTE)
    assert second == Lease("r1", "two", first.epoch + 1)
    with pytest.raises(LeaseLost, match="in the hands of two"):
        await store.record(first, replace(rollout, state=State.ABORTED), [], NOW)
    with pytest.raises(LeaseLost):
        await store.renew(first, NOW + 9 * MINUTE)
    assert (await store.load("r1"))[0] == rollout


async def test_a_lost_write_leaves_no_event_behind(store: SqliteStore) -> None:
    rollout, first = await begun(store, "r1", planned("1"))
    assert await store.claim("r1", "one", NOW, NOW + MINUTE)
    before = await store.history.of_rollout("r1")
    moved = RolloutMoved(rollout="r1", unit=SHOP, before="pending", after="running", reason="")
    with pytest.raises(LeaseLost):
        await store.record(first, replace(rollout, state=State.RUNNING), [moved], NOW)
    assert await store.history.of_rollout("r1") == before


async def test_the_only_process_may_break_every_claim_when_it_starts(store: SqliteStore) -> None:
    _, old = await begun(store, "r1", planned("1"))
    await store.break_leases()
    with pytest.raises(LeaseLost):
        await store.renew(old, NOW + MINUTE)
    lease = await store.claim("r1", "two", NOW, NOW + MINUTE)
    assert lease is not None
    assert lease.epoch > old.epoch


async def test_a_rollout_without_any_claim_cannot_be_written(store: SqliteStore) -> None:
    with pytest.raises(LeaseLost, match="nobody"):
        await store.renew(Lease("nothing", "one", 1), NOW)


async def test_failed_heals_count_since_the_last_good_end_and_a_retry_forgets_them(store: SqliteStore) -> None:
    heal = planned("1", Cause.DRIFT)
    await ended(store, "r1", heal, State.HELD)
    await ended(store, "r2", heal, State.SUCCEEDED)
    await ended(store, "r3", heal, State.HELD, 2 * MINUTE)
    last = await ended(store, "r4", heal, State.HELD, 3 * MINUTE)
    known = (await store.standing()).of(SHOP)
    assert (known.failed_heals, known.last_failed_at, known.last) == (2, NOW + 3 * MINUTE, last)
    await store.append([RetryRequested(unit=SHOP, author="ann", reason="again")], NOW)
    known = (await store.standing()).of(SHOP)
    assert (known.failed_heals, known.last_failed_at, known.last) == (0, None, None)


async def test_five_good_states_are_kept_and_contents_nobody_can_ask_for_are_not(store: SqliteStore) -> None:
    for number in range(1, 8):
        await ended(store, f"r{number}", planned(str(number)), State.SUCCEEDED)
    await begun(store, "r8", planned("8"))
    for version in ("3", "4", "5", "6", "7", "8"):
        assert await store.contents(plans.contents(version)) == plans.contents(version)
    for version in ("1", "2"):
        with pytest.raises(KeyError):
            await store.contents(plans.contents(version))


async def test_the_only_good_state_is_never_pruned(store: SqliteStore) -> None:
    await ended(store, "r0", planned("good"), State.SUCCEEDED)
    for number in range(8):
        await ended(store, f"f{number}", planned(str(number)), State.HELD)
    good = (await store.standing()).of(SHOP).last_good
    assert good is not None
    assert good.unit.version == "good"
    assert await store.contents(plans.contents("good")) == plans.contents("good")


async def test_the_contents_of_the_forward_plan_and_of_the_revert_stay_while_it_runs(store: SqliteStore) -> None:
    await ended(store, "r0", planned("1"), State.SUCCEEDED)
    rollout, lease = await begun(store, "r1", planned("2"))
    back = planned("1", Cause.REVERT)
    reverting = replace(rollout, state=State.REVERTING, plan=back.id)
    await store.record(lease, reverting, [], NOW, back)
    assert await store.load("r1") == (reverting, back)
    assert await store.history.plan(planned("2").id) == planned("2")
    assert len(await store.contents({**plans.contents("1"), **plans.contents("2")})) == 2


async def test_an_archive_that_came_with_the_repository_is_kept_with_its_snapshot(store: SqliteStore) -> None:
    archive = Artifact("releases/shop.tar.gz", digest("archive"))
    unit = plans.shop("1", ("web-1",))
    resources = tuple(replace(one, attributes={"artifact": archive.digest}) for one in unit.resources)
    plan = plans.at_once(replace(unit, resources=resources))
    contents = {**plans.contents("1"), archive.digest: b"archive"}
    await store.begin(plans.pending(plan, "r0", NOW), plan, contents, NOW)
    await ended(store, "r0", plan, State.SUCCEEDED)
    await ended(store, "r1", planned("2"), State.HELD)
    assert await store.contents([archive.digest]) == {archive.digest: b"archive"}
