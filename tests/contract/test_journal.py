"""What every journal does, on a disk or in memory: what follows from events, one rollout a unit, leases, contents."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.canonical import digest
from reconciler.model.change import Cause
from reconciler.model.content import Artifact
from reconciler.model.event import (
    Assessed,
    CommitRefused,
    Healed,
    Mended,
    Paused,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    SnapshotTaken,
    VerdictGiven,
)
from reconciler.model.identity import UnitId
from reconciler.model.problem import Problem
from reconciler.model.rollout import State
from reconciler.model.standing import Heals
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.ports.journal import Lease, LeaseLost
from reconciler.simulate.journal import MemoryJournal
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP, thing
from tests.sim import plans
from tests.sim.written import MINUTE, AnyJournal, begun, ended, planned

OTHER = UnitId("cart", "staging")


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyJournal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    store = await SqliteStore.open(tmp_path / "journal.db")
    yield store
    await store.close()


def verdict(unit: Unit, verdict: Verdict) -> VerdictGiven:
    return VerdictGiven(unit=unit.id, digest=unit.digest, verdict=verdict, reason="why", commit=unit.commit)


def refused(commit: str) -> CommitRefused:
    return CommitRefused(commit=commit, subject="oh", problems=(Problem(file="a.yaml", line=3, message="no"),))


async def test_who_created_a_resource_stays_its_creator_until_it_is_removed(store: AnyJournal) -> None:
    first, second = thing("first"), thing("second")
    for created in (True, False):
        owned = (Owned(resource=first, created=created), Owned(resource=second, created=False))
        await store.append([ResourcesApplied(unit=SHOP, applied=owned)], NOW)
    known = (await store.standing()).of(SHOP).owned
    assert {one.name: known[one].created for one in known} == {"first": True, "second": False}
    await store.append([ResourcesApplied(unit=SHOP, removed=(first.id,))], NOW)
    await store.append([ResourcesApplied(unit=SHOP, applied=(Owned(resource=first, created=False),))], NOW)
    known = (await store.standing()).of(SHOP).owned
    assert not known[first.id].created


async def test_thousands_of_resources_at_once_are_no_matter(store: AnyJournal) -> None:
    many = tuple(Owned(resource=thing(f"t{number}"), created=True) for number in range(1200))
    await store.append([ResourcesApplied(unit=SHOP, applied=many)], NOW)
    await store.append([ResourcesApplied(unit=SHOP, removed=tuple(one.resource.id for one in many[1:]))], NOW)
    assert list((await store.standing()).of(SHOP).owned) == [many[0].resource.id]


async def test_a_pause_of_one_unit_or_of_everything_lasts_until_it_is_lifted(store: AnyJournal) -> None:
    one = Paused(unit=SHOP, author="ann", reason="audit")
    everything = Paused(unit=None, author="bob", reason="fire")
    await store.append([one, everything], NOW)
    standing = await store.standing()
    assert (standing.paused, standing.of(SHOP).paused, standing.of(OTHER).paused) == (everything, one, None)
    await store.append([Resumed(unit=None, author="bob", reason="out")], NOW)
    assert ((await store.standing()).paused, (await store.standing()).of(SHOP).paused) == (None, one)
    await store.append([Resumed(unit=SHOP, author="ann", reason="done")], NOW)
    assert (await store.standing()).of(SHOP).paused is None


async def test_the_newest_assessment_counts(store: AnyJournal) -> None:
    waiting = WaitingOn(Reason.BACKOFF, "later", NOW)
    found = [
        Assessed(unit=SHOP, commit="a", digest="d", version="1", in_sync=sync, waiting=waiting) for sync in (None, True)
    ]
    await store.append(found, NOW)
    assert (await store.standing()).of(SHOP).assessed == found[1]


async def test_last_good_is_the_newest_snapshot_that_is_still_thought_good(store: AnyJournal) -> None:
    old, new = plans.shop("1", ("web-1",)), plans.shop("2", ("web-1",))
    for unit in (old, new):
        await store.append([verdict(unit, Verdict.GOOD), SnapshotTaken(unit=unit)], NOW)
    good = (await store.standing()).of(SHOP).last_good
    assert good is not None
    assert (good.unit, good.at) == (new, NOW)
    await store.append([verdict(new, Verdict.BAD)], NOW)
    good = (await store.standing()).of(SHOP).last_good
    assert good is not None
    assert good.unit == old


async def test_a_retry_forgets_what_was_bad_and_nothing_else(store: AnyJournal) -> None:
    good, bad = plans.shop("1", ("web-1",)), plans.shop("2", ("web-1",))
    elsewhere = plans.of(OTHER, bad)
    await store.append([verdict(good, Verdict.GOOD), verdict(bad, Verdict.BAD), verdict(elsewhere, Verdict.BAD)], NOW)
    await store.append([RetryRequested(unit=SHOP, author="ann", reason="the database is back")], NOW + MINUTE)
    standing = await store.standing()
    verdicts = standing.of(SHOP).verdicts
    assert [verdicts[one.digest].verdict for one in (good, bad)] == [Verdict.GOOD, Verdict.UNKNOWN]
    assert verdicts[bad.digest].reason == "ann asked for another try: the database is back"
    assert standing.of(OTHER).verdicts[bad.digest].verdict is Verdict.BAD


async def test_who_took_a_resource_over_stays_the_one_who_did(store: AnyJournal) -> None:
    first = thing("first")
    for before in (("first",), ()):
        await store.append(
            [ResourcesApplied(unit=SHOP, applied=(Owned(resource=first, created=False, before=before),))], NOW
        )
    assert (await store.standing()).of(SHOP).owned[first.id].before == ("first",)


def healed(*fields: str) -> Healed:
    return Healed(rollout="r1", unit=SHOP, mended=(Mended(resource=thing("first").id, fields=fields),))


async def test_heals_of_a_resource_are_counted_until_a_new_state_is_judged(store: AnyJournal) -> None:
    for number in range(3):
        await store.append([healed("mode")], NOW + number * MINUTE)
    heals = (await store.standing()).of(SHOP).heals
    assert heals == {thing("first").id: Heals(count=3, since=NOW, last=NOW + 2 * MINUTE, fields=("mode",))}
    await store.append([verdict(plans.shop("2", ("web-1",)), Verdict.GOOD)], NOW + 3 * MINUTE)
    assert (await store.standing()).of(SHOP).heals == {}


async def test_a_person_who_asks_for_another_try_ends_the_counting_of_heals(store: AnyJournal) -> None:
    await store.append([healed(), RetryRequested(unit=SHOP, author="ann", reason="stopped the other tool")], NOW)
    assert (await store.standing()).of(SHOP).heals == {}


async def test_a_plan_without_its_contents_is_not_begun(store: AnyJournal) -> None:
    with pytest.raises(ValueError, match="whose content is not stored"):
        await store.begin(plans.pending(planned("1"), "r1", NOW), planned("1"), {}, NOW)
    assert (await store.standing()).units == {}


async def test_a_claim_lasts_until_it_runs_out_and_a_later_one_fences_it(store: AnyJournal) -> None:
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


async def test_the_only_process_may_break_every_claim_when_it_starts(store: AnyJournal) -> None:
    _, old = await begun(store, "r1", planned("1"))
    await store.break_leases()
    with pytest.raises(LeaseLost):
        await store.renew(old, NOW + MINUTE)
    lease = await store.claim("r1", "two", NOW, NOW + MINUTE)
    assert lease is not None
    assert lease.epoch > old.epoch


async def test_a_rollout_without_any_claim_cannot_be_written(store: AnyJournal) -> None:
    with pytest.raises(LeaseLost, match="nobody"):
        await store.renew(Lease("nothing", "one", 1), NOW)


async def test_failed_heals_count_since_the_last_good_end_and_a_retry_forgets_them(store: AnyJournal) -> None:
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


async def test_five_good_states_are_kept_and_contents_nobody_can_ask_for_are_not(store: AnyJournal) -> None:
    for number in range(1, 8):
        await ended(store, f"r{number}", planned(str(number)), State.SUCCEEDED)
    await begun(store, "r8", planned("8"))
    for version in ("3", "4", "5", "6", "7", "8"):
        assert await store.contents(plans.contents(version)) == plans.contents(version)
    for version in ("1", "2"):
        with pytest.raises(KeyError):
            await store.contents(plans.contents(version))


async def test_the_only_good_state_is_never_pruned(store: AnyJournal) -> None:
    await ended(store, "r0", planned("good"), State.SUCCEEDED)
    for number in range(8):
        await ended(store, f"f{number}", planned(str(number)), State.HELD)
    good = (await store.standing()).of(SHOP).last_good
    assert good is not None
    assert good.unit.version == "good"
    assert await store.contents(plans.contents("good")) == plans.contents("good")


async def test_an_archive_that_came_with_the_repository_is_kept_with_its_snapshot(store: AnyJournal) -> None:
    archive = Artifact("releases/shop.tar.gz", digest("archive"))
    unit = plans.shop("1", ("web-1",))
    resources = tuple(replace(one, attributes={"artifact": archive.digest}) for one in unit.resources)
    plan = plans.at_once(replace(unit, resources=resources))
    contents = {**plans.contents("1"), archive.digest: b"archive"}
    await store.begin(plans.pending(plan, "r0", NOW), plan, contents, NOW)
    await ended(store, "r0", plan, State.SUCCEEDED)
    await ended(store, "r1", planned("2"), State.HELD)
    assert await store.contents([archive.digest]) == {archive.digest: b"archive"}
