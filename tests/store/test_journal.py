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
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Verdict
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


def healed(*fields: str) -> Healed:
    return Healed(rollout="r1", unit=SHOP, mended=(Mended(resource=thing("first").id, fields=fields),))
