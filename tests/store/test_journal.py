"""What follows from events, and what a person and a pass can read of it."""

from datetime import timedelta
from pathlib import Path

from reconciler.model.event import (
    Assessed,
    CommitAccepted,
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
from reconciler.model.standing import Heals
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP, thing
from tests.sim import plans

OTHER = UnitId("cart", "staging")
MINUTE = timedelta(minutes=1)


def verdict(unit: Unit, verdict: Verdict) -> VerdictGiven:
    return VerdictGiven(unit=unit.id, digest=unit.digest, verdict=verdict, reason="why", commit=unit.commit)


def refused(commit: str) -> CommitRefused:
    return CommitRefused(commit=commit, subject="oh", problems=(Problem(file="a.yaml", line=3, message="no"),))


async def test_a_new_journal_knows_nothing(store: SqliteStore) -> None:
    assert (await store.standing()).units == {}
    assert await store.accepted_commit() is None
    commits = await store.history.commits()
    assert (commits.accepted, commits.refused, await store.history.running()) == (None, None, [])


async def test_a_refused_commit_is_told_until_a_later_one_loads(store: SqliteStore) -> None:
    await store.append([CommitAccepted(commit="a", subject="first")], NOW)
    await store.append([refused("b")], NOW + MINUTE)
    commits = await store.history.commits()
    assert (await store.accepted_commit(), commits.refused, commits.refused_at) == ("a", refused("b"), NOW + MINUTE)
    await store.append([CommitAccepted(commit="c", subject="third")], NOW + 2 * MINUTE)
    commits = await store.history.commits()
    assert (await store.accepted_commit(), commits.refused) == ("c", None)
    assert commits.accepted == CommitAccepted(commit="c", subject="third")


async def test_who_created_a_resource_stays_its_creator_until_it_is_removed(store: SqliteStore) -> None:
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


async def test_thousands_of_resources_at_once_are_no_matter(store: SqliteStore) -> None:
    many = tuple(Owned(resource=thing(f"t{number}"), created=True) for number in range(1200))
    await store.append([ResourcesApplied(unit=SHOP, applied=many)], NOW)
    await store.append([ResourcesApplied(unit=SHOP, removed=tuple(one.resource.id for one in many[1:]))], NOW)
    assert list((await store.standing()).of(SHOP).owned) == [many[0].resource.id]


async def test_a_pause_of_one_unit_or_of_everything_lasts_until_it_is_lifted(store: SqliteStore) -> None:
    one = Paused(unit=SHOP, author="ann", reason="audit")
    everything = Paused(unit=None, author="bob", reason="fire")
    await store.append([one, everything], NOW)
    standing = await store.standing()
    assert (standing.paused, standing.of(SHOP).paused, standing.of(OTHER).paused) == (everything, one, None)
    await store.append([Resumed(unit=None, author="bob", reason="out")], NOW)
    assert ((await store.standing()).paused, (await store.standing()).of(SHOP).paused) == (None, one)
    await store.append([Resumed(unit=SHOP, author="ann", reason="done")], NOW)
    assert (await store.standing()).of(SHOP).paused is None


async def test_the_newest_assessment_counts(store: SqliteStore) -> None:
    waiting = WaitingOn(Reason.BACKOFF, "later", NOW)
    found = [
        Assessed(unit=SHOP, commit="a", digest="d", version="1", in_sync=sync, waiting=waiting) for sync in (None, True)
    ]
    await store.append(found, NOW)
    assert (await store.standing()).of(SHOP).assessed == found[1]


async def test_last_good_is_the_newest_snapshot_that_is_still_thought_good(store: SqliteStore) -> None:
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


async def test_a_retry_forgets_what_was_bad_and_nothing_else(store: SqliteStore) -> None:
    good, bad = plans.shop("1", ("web-1",)), plans.shop("2", ("web-1",))
    elsewhere = plans.of(OTHER, bad)
    await store.append([verdict(good, Verdict.GOOD), verdict(bad, Verdict.BAD), verdict(elsewhere, Verdict.BAD)], NOW)
    await store.append([RetryRequested(unit=SHOP, author="ann", reason="the database is back")], NOW + MINUTE)
    standing = await store.standing()
    verdicts = standing.of(SHOP).verdicts
    assert [verdicts[one.digest].verdict for one in (good, bad)] == [Verdict.GOOD, Verdict.UNKNOWN]
    assert verdicts[bad.digest].reason == "ann asked for another try: the database is back"
    assert standing.of(OTHER).verdicts[bad.digest].verdict is Verdict.BAD


async def test_events_are_told_in_order_with_their_times(store: SqliteStore) -> None:
    events = [Paused(unit=SHOP, author="ann", reason="audit"), Resumed(unit=SHOP, author="ann", reason="done")]
    for number, event in enumerate(events):
        await store.append([event, Paused(unit=OTHER, author="x", reason="y")], NOW + number * MINUTE)
    entries = await store.history.of_unit(SHOP)
    assert [(one.event, one.at) for one in entries] == [(events[0], NOW), (events[1], NOW + MINUTE)]
    assert [one.event for one in await store.history.of_unit(SHOP, limit=1)] == events[1:]
    assert [one.number for one in await store.history.since(entries[0].number)] == [2, 3, 4]


async def test_what_follows_from_events_can_be_made_again_from_them(store: SqliteStore, path: Path) -> None:
    good, bad = plans.shop("1", ("web-1",)), plans.shop("2", ("web-1",))
    everything = [
        CommitAccepted(commit="a", subject="first"),
        refused("b"),
        ResourcesApplied(unit=SHOP, applied=(Owned(resource=thing("first"), created=True),)),
        ResourcesApplied(unit=SHOP, applied=(Owned(resource=thing("first"), created=False),)),
        verdict(good, Verdict.GOOD),
        SnapshotTaken(unit=good),
        verdict(bad, Verdict.BAD),
        Paused(unit=None, author="ann", reason="audit"),
        Assessed(unit=SHOP, commit="a", digest="d", version="1", in_sync=True, waiting=None),
        RetryRequested(unit=SHOP, author="ann", reason="again"),
        Healed(rollout="r1", unit=SHOP, mended=(Mended(resource=thing("first").id, fields=("mode",)),)),
    ]
    for number, event in enumerate(everything):
        await store.append([event], NOW + number * MINUTE)
    before = await store.standing(), await store.history.commits()
    await store.rebuild()
    assert (await store.standing(), await store.history.commits()) == before


async def test_who_took_a_resource_over_stays_the_one_who_did(store: SqliteStore) -> None:
    first = thing("first")
    for before in (("first",), ()):
        await store.append(
            [ResourcesApplied(unit=SHOP, applied=(Owned(resource=first, created=False, before=before),))], NOW
        )
    assert (await store.standing()).of(SHOP).owned[first.id].before == ("first",)


def healed(*fields: str) -> Healed:
    return Healed(rollout="r1", unit=SHOP, mended=(Mended(resource=thing("first").id, fields=fields),))


async def test_heals_of_a_resource_are_counted_until_a_new_state_is_judged(store: SqliteStore) -> None:
    for number in range(3):
        await store.append([healed("mode")], NOW + number * MINUTE)
    heals = (await store.standing()).of(SHOP).heals
    assert heals == {thing("first").id: Heals(count=3, since=NOW, last=NOW + 2 * MINUTE, fields=("mode",))}
    await store.append([verdict(plans.shop("2", ("web-1",)), Verdict.GOOD)], NOW + 3 * MINUTE)
    assert (await store.standing()).of(SHOP).heals == {}


async def test_a_person_who_asks_for_another_try_ends_the_counting_of_heals(store: SqliteStore) -> None:
    await store.append([healed(), RetryRequested(unit=SHOP, author="ann", reason="stopped the other tool")], NOW)
    assert (await store.standing()).of(SHOP).heals == {}
