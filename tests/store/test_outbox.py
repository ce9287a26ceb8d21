"""What waits to be told: put in with the place of the reader, kept whatever ends the process, forgotten in time."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from reconciler.model.deed import NoticeDropped
from reconciler.model.delivery import Due, Read
from reconciler.model.event import Assessed, CommitAccepted, Paused
from reconciler.model.identity import UnitId
from reconciler.model.notification import (
    Brief,
    Changes,
    CommitTold,
    Consent,
    Figure,
    Link,
    Notice,
    Severity,
    Topic,
)
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP

MINUTE = timedelta(minutes=1)
WHOLE = Notice(
    id="7",
    topic=Topic.ROLLOUT_FAILED,
    severity=Severity.ERROR,
    title="shop@production failed",
    at=NOW,
    thread="plan:p1",
    unit=SHOP,
    environment="production",
    labels={"team": "checkout"},
    changes=Changes(updates=2, first=("update web-1/file:x",), more=1),
    figures=(Figure(name="errors", seen="7 %", wanted="5 %", good=False),),
    consents=(Consent(author="bob", roles=("sre",)),),
    commit=CommitTold(id="c", subject="two", author="ann"),
    links=(Link(label="shop", url="https://example"),),
    several=(Brief(topic=Topic.DRIFT_FOUND, severity=Severity.INFO, title="drift", at=NOW, unit=SHOP),),
)


def due(channel: str = "deploys", **more: object) -> Due:
    return replace(Due(channel=channel, policy="p", due=NOW, notice=WHOLE), **more)  # type: ignore[arg-type]


async def test_what_is_put_in_comes_out_whole_in_order_and_by_channel(store: SqliteStore) -> None:
    await store.outbox.put(Read(number=7, due=((6, due()), (7, due("mail")), (7, due(bundle="g", awaits="git")))))
    assert await store.outbox.channels() == ["deploys", "mail"]
    waiting = await store.outbox.waiting("deploys")
    assert [(each.thread, each.bundle, each.due, each.tries) for each in waiting] == [
        ("plan:p1", "", NOW, 0),
        ("plan:p1", "g", NOW, 0),
    ]
    first, second = await store.outbox.kept([each.id for each in waiting])
    assert (first.told, first.event, first.known) == (due(), 6, "")
    assert second.told == due(bundle="g", awaits="git")


async def test_the_place_of_the_reader_is_kept_and_a_first_one_begins_at_the_newest(store: SqliteStore) -> None:
    await store.append([CommitAccepted(commit=str(number), subject="s") for number in range(5)], NOW)
    assert await store.outbox.begin() == 5
    await store.append([CommitAccepted(commit=str(number), subject="s") for number in range(5)], NOW)
    assert await store.outbox.begin() == 5
    await store.outbox.put(Read(number=8))
    assert await store.outbox.begin() == 8


async def test_a_place_beyond_the_journal_is_that_of_another_journal(store: SqliteStore) -> None:
    await store.append([CommitAccepted(commit="c", subject="s")], NOW)
    await store.outbox.put(Read(number=800))
    assert await store.outbox.begin() == 1


async def test_nothing_is_put_in_when_the_place_cannot_be_moved(store: SqliteStore) -> None:
    with pytest.raises(ProgrammingError):
        await store.outbox.put(Read(number=object(), due=((1, due()),)))  # type: ignore[arg-type]
    assert await store.outbox.channels() == []


async def test_what_was_acted_on_is_taken_back_unless_it_came_after(store: SqliteStore) -> None:
    later = due("oncall", due=NOW + 15 * MINUTE, awaits="shop@production")
    await store.outbox.put(Read(number=3, due=((3, later), (3, due("oncall", awaits="git")))))
    await store.outbox.put(Read(number=5, due=((5, later),), settled=((5, "shop@production"),)))
    left = await store.outbox.kept([each.id for each in await store.outbox.waiting("oncall")])
    assert [(each.event, each.told.awaits) for each in left] == [(3, "git"), (5, "shop@production")]


async def test_what_is_delivered_waits_no_longer_and_its_thread_is_known_from_then_on(store: SqliteStore) -> None:
    await store.outbox.put(Read(number=1, due=((1, due()), (1, due()))))
    first, second = await store.outbox.kept([each.id for each in await store.outbox.waiting("deploys")])
    await store.outbox.delivered([first], ("plan:p1", "ts 1"), "ok", NOW)
    (left,) = await store.outbox.waiting("deploys")
    assert left.id == second.id
    assert [each.known for each in await store.outbox.kept([left.id])] == ["ts 1"]
    await store.outbox.delivered([second], ("plan:p1", "ts 2"), "ok", NOW)
    await store.outbox.put(Read(number=2, due=((2, due()),)))
    (third,) = await store.outbox.kept([each.id for each in await store.outbox.waiting("deploys")])
    assert third.known == "ts 2"


async def test_a_thread_that_its_channel_does_not_know_any_more_is_forgotten(store: SqliteStore) -> None:
    await store.outbox.put(Read(number=1, due=((1, due()), (1, due()), (1, due()))))
    told = await store.outbox.kept([each.id for each in await store.outbox.waiting("deploys")])
    await store.outbox.delivered(told[:1], ("plan:p1", "ts 1"), "ok", NOW)
    await store.outbox.delivered(told[1:2], ("plan:p1", ""), "ok", NOW)
    assert [each.known for each in await store.outbox.kept([told[2].id])] == [""]


async def test_what_failed_is_tried_again_then_and_remembers_since_when(store: SqliteStore) -> None:
    await store.outbox.put(Read(number=1, due=((1, due()),)))
    (one,) = await store.outbox.waiting("deploys")
    await store.outbox.again([one.id], NOW + MINUTE, "HTTP 503")
    await store.outbox.together([one.id], "message:1")
    (again,) = await store.outbox.kept([one.id])
    assert (again.tries, again.told.due, again.since, again.told.bundle) == (1, NOW + MINUTE, NOW, "message:1")


async def test_what_is_given_up_is_written_down(store: SqliteStore) -> None:
    await store.outbox.put(Read(number=1, due=((1, due()), (1, due("mail")))))
    told = await store.outbox.kept([each.id for each in await store.outbox.waiting("deploys")])
    await store.outbox.dropped(told, "nobody is there", NOW)
    assert await store.outbox.channels() == ["mail"]
    (entry,) = await store.history.since(0)
    said = "rollout.failed: shop@production failed"
    assert entry.event == NoticeDropped(channel="deploys", notice=said, unit=SHOP, reason="nobody is there")


async def test_what_ended_long_ago_is_forgotten_and_what_waits_never_is(store: SqliteStore) -> None:
    await store.outbox.put(Read(number=1, due=((1, due()), (1, due()))))
    told = await store.outbox.kept([each.id for each in await store.outbox.waiting("deploys")])
    await store.outbox.delivered(told[:1], ("plan:p1", "ts"), "", NOW)
    ids = [each.id for each in told]
    await store.outbox.prune(NOW + timedelta(days=6))
    assert len(await store.outbox.kept(ids)) == 2
    await store.outbox.prune(NOW + timedelta(days=8))
    (left,) = await store.outbox.kept(ids)
    assert (left.id, left.known) == (told[1].id, "ts")
    await store.outbox.prune(NOW + timedelta(days=100))
    (left,) = await store.outbox.kept(ids)
    assert left.known == ""


def of_thread(name: str, severity: Severity = Severity.WARNING, **more: object) -> Due:
    return due(notice=replace(WHOLE, thread=name, severity=severity), **more)


async def test_what_is_critical_is_next_however_much_waits_for_its_time_or_behind_another(store: SqliteStore) -> None:
    evening, morning = NOW + timedelta(hours=1), NOW + timedelta(hours=8)
    quiet = [of_thread(f"q{number}", due=morning, bundle="quiet:p:x") for number in range(2_000)]
    failing = [of_thread("failing") for _ in range(2_100)]
    busy = [of_thread(f"b{number}") for number in range(2_000)]
    await store.outbox.put(Read(number=1, due=tuple((1, each) for each in (*failing, *quiet, *busy))))
    await store.outbox.again([1], evening, "HTTP 503")
    await store.outbox.put(Read(number=2, due=((2, of_thread("x", Severity.CRITICAL)),)))
    found = await store.outbox.next("deploys", NOW)
    assert [each.thread for each in found if each.critical] == ["x"]
    assert len(found) == 2_000
    assert {each.thread[0] for each in found} == {"b", "x"}
    assert await store.outbox.next_due("deploys", NOW) == evening
    assert await store.outbox.next_due("deploys", morning) is None


async def test_what_is_next_of_a_thread_comes_before_what_is_critical_in_it(store: SqliteStore) -> None:
    rows = (of_thread("a"), of_thread("a"), of_thread("a", Severity.CRITICAL))
    await store.outbox.put(Read(number=1, due=tuple((1, each) for each in rows)))
    assert [(each.id, each.critical) for each in await store.outbox.next("deploys", NOW)] == [(1, False), (3, True)]
    await store.outbox.again([1], NOW + MINUTE, "HTTP 503")
    assert await store.outbox.next("deploys", NOW) == []
    assert [each.id for each in await store.outbox.due("deploys", NOW)] == [1, 2, 3]


async def test_what_is_next_comes_with_its_bundle_and_with_what_is_before_any_of_that(store: SqliteStore) -> None:
    later = NOW + timedelta(hours=1)
    rows = (
        of_thread("a"),
        of_thread("a", bundle="g", due=later),
        of_thread("b", bundle="g"),
        of_thread("c", bundle="h", due=later),
    )
    await store.outbox.put(Read(number=1, due=tuple((1, each) for each in rows)))
    await store.outbox.again([1], later, "HTTP 503")
    assert [each.id for each in await store.outbox.next("deploys", NOW)] == [1, 2, 3]


async def test_it_is_all_there_after_a_restart(store: SqliteStore, path: Path) -> None:
    await store.outbox.put(Read(number=1, due=((1, due()),)))
    other = await SqliteStore.open(path)
    try:
        assert len(await other.outbox.waiting("deploys")) == 1
    finally:
        await other.close()


async def test_what_came_before_an_entry_is_found_by_unit_and_by_sort(store: SqliteStore) -> None:
    other = UnitId("cart", "production")
    events = [
        Assessed(unit=unit, commit=commit, digest="d", version="1", in_sync=True, waiting=None)
        for commit in ("1", "2")
        for unit in (SHOP, other)
    ]
    await store.append([*events, Paused(unit=SHOP, author="ann", reason="")], NOW)
    found = await store.lookback.of_unit(5, SHOP, "assessed", 5)
    assert [(each.number, each.event) for each in found] == [(3, events[2]), (1, events[0])]
    assert [each.number for each in await store.lookback.of_sort(4, "assessed", 2)] == [3, 2]
    assert await store.lookback.of_unit(1, SHOP, "assessed") == []
    assert await store.lookback.measured(5, "r1") == []
