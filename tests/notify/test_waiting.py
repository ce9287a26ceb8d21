"""What is not told at once: in one message with others, after quiet hours, or to others when nobody acts."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from reconciler.daemon.notice_facts import NoticeFacts
from reconciler.model.event import Paused, RetryRequested, RolloutMoved, SourceLost
from reconciler.model.identity import UnitId
from reconciler.model.notification import Alarm, Grouping, NotificationPolicy, Notifications, QuietHours, Topic
from reconciler.model.unit import Desired
from reconciler.store.journal import SqliteStore
from tests.notify.telling import START, NobodyKnows, Receiver, saying, telling
from tests.notify.test_delivering import channel, everything, paused
from tests.notify.values import SHOP, UNIT, entry

CART = UnitId("cart", "production")
HELD = RolloutMoved(rollout="r1", unit=SHOP, before="running", after="held", reason="error rate 7.2 % > 5 %")


async def test_what_is_alike_is_told_in_one_message_also_after_a_restart(tmp_path: Path) -> None:
    following = saying(everything("deploys", group=Grouping(by=("environment",), wait=timedelta(hours=1))))
    receiver = Receiver()
    async with telling(tmp_path / "journal.db", following, receiver) as here:
        await here.append(paused("one"), paused("two", CART))
        while not await here.store.outbox.channels():
            await here.clock.sleep(timedelta(seconds=1))
    assert receiver.got == []
    async with telling(tmp_path / "journal.db", following, receiver) as here:
        await here.append(paused("three", UnitId("pay", "production")))
        await receiver.until(lambda: len(receiver.got) == 1)
    (told,) = receiver.got
    assert (told.notice.topic, len(told.notice.several)) == (Topic.SEVERAL, 3)
    assert told.notice.title == "the fleet: 3 events (3 unit.paused)"


async def test_what_nobody_acts_on_is_told_to_others(tmp_path: Path) -> None:
    wants = NotificationPolicy(
        name="p", to=("deploys",), escalate=(Alarm(after=timedelta(minutes=15), to=("oncall",)),)
    )
    channels = {name: channel(name) for name in ("deploys", "oncall")}
    following = saying(Notifications(channels=channels, policies=(wants,)))
    receiver = Receiver()
    async with telling(tmp_path / "journal.db", following, receiver) as here:
        began = here.clock.now()
        await here.append(HELD, replace(HELD, unit=CART, rollout="r2"))
        await here.append(RetryRequested(unit=SHOP, author="ann", reason="it was the network"))
        await receiver.until(lambda: "oncall" in {each.channel.name for each in receiver.got})
        assert here.clock.now() - began >= timedelta(minutes=15)
        await here.clock.sleep(timedelta(hours=1))
    told = sorted((each.channel.name, str(each.notice.unit)) for each in receiver.got)
    assert told == [
        ("deploys", "cart@production"),
        ("deploys", "shop@production"),
        ("oncall", "cart@production"),
    ]


async def test_what_comes_in_quiet_hours_is_told_afterwards_and_what_is_critical_at_once(tmp_path: Path) -> None:
    following = saying(everything("deploys", quiet=(QuietHours(cron="0 11 * * *", duration=timedelta(hours=2)),)))
    receiver = Receiver()
    async with telling(tmp_path / "journal.db", following, receiver) as here:
        await here.append(
            paused(), SourceLost(reason="no route"), replace(HELD, after="revert_failed", before="reverting")
        )
        await receiver.until(lambda: len(receiver.got) == 2)
        assert here.clock.now() >= START + timedelta(hours=1)
    assert [each.notice.topic for each in receiver.got] == [Topic.ROLLOUT_REVERT_FAILED, Topic.SEVERAL]
    assert [each.topic for each in receiver.got[1].notice.several] == [Topic.UNIT_PAUSED, Topic.GIT_LOST]


async def test_a_notice_names_the_services_that_come_after_the_unit_in_its_environment(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "journal.db")
    after = replace(UNIT, id=CART, after=(UNIT.id,))
    elsewhere = replace(UNIT, id=UnitId("cart", "later"), after=(UNIT.id,))
    desired = Desired(commit="c", targets={}, units={each.id: each for each in (UNIT, after, elsewhere)})
    try:
        facts = await NoticeFacts(store=store, authorship=NobodyKnows()).of(
            entry(Paused(unit=UNIT.id, author="ann", reason="")), desired
        )
    finally:
        await store.close()
    assert facts.services == ("cart@production",)
    assert facts.commit is not None
    assert (facts.commit.id, facts.commit.author) == (UNIT.commit, "ann@example.com")
