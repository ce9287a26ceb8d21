"""Rollouts in the journal: one at a time for a unit, fenced by leases, with the contents they need."""

from dataclasses import replace

import pytest

from reconciler.model.change import Cause
from reconciler.model.event import RolloutMoved
from reconciler.model.rollout import State
from reconciler.ports.journal import LeaseLost
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP
from tests.sim import plans
from tests.sim.written import MINUTE, begun, ended, planned


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


async def test_a_lost_write_leaves_no_event_behind(store: SqliteStore) -> None:
    rollout, first = await begun(store, "r1", planned("1"))
    assert await store.claim("r1", "one", NOW, NOW + MINUTE)
    before = await store.history.of_rollout("r1")
    moved = RolloutMoved(rollout="r1", unit=SHOP, before="pending", after="running", reason="")
    with pytest.raises(LeaseLost):
        await store.record(first, replace(rollout, state=State.RUNNING), [moved], NOW)
    assert await store.history.of_rollout("r1") == before


async def test_the_contents_of_the_forward_plan_and_of_the_revert_stay_while_it_runs(store: SqliteStore) -> None:
    await ended(store, "r0", planned("1"), State.SUCCEEDED)
    rollout, lease = await begun(store, "r1", planned("2"))
    back = planned("1", Cause.REVERT)
    reverting = replace(rollout, state=State.REVERTING, plan=back.id)
    await store.record(lease, reverting, [], NOW, back)
    assert await store.load("r1") == (reverting, back)
    assert await store.history.plan(planned("2").id) == planned("2")
    assert len(await store.contents({**plans.contents("1"), **plans.contents("2")})) == 2
