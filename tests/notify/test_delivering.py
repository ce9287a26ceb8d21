"""From the journal to those who are told: each at least once, in order, whatever fails on the way."""

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.daemon.channel_queue import AT_ONCE
from reconciler.model.channel import Channel, Rate, Webhook
from reconciler.model.delivery import Due, Read
from reconciler.model.event import Paused, RolloutMoved, SourceFound, SourceLost
from reconciler.model.identity import UnitId
from reconciler.model.notification import NotificationPolicy, Notifications, Severity, Topic
from reconciler.ports.channels import Delivered, Outgoing, TooMany
from reconciler.ports.errors import Denied, Refused, Unreachable
from tests.notify.telling import START, HurryingClock, Receiver, saying, telling
from tests.notify.values import notice

SHOP = UnitId("shop", "production")


def channel(name: str, rate: Rate | None = None) -> Channel:
    return Channel(name=name, via=Webhook(url="http://127.0.0.1/", secret="hook/secret"), rate=rate)


def everything(*names: str, **more: object) -> Notifications:
    policy = NotificationPolicy(name="all", to=names, **more)  # type: ignore[arg-type]
    return Notifications(channels={name: channel(name) for name in names}, policies=(policy,))


def paused(reason: str = "audit", unit: UnitId = SHOP) -> Paused:
    return Paused(unit=unit, author="ann", reason=reason)


def moved(rollout: int, number: int) -> RolloutMoved:
    states = ("running", "paused")
    before, after = states if number % 2 else reversed(states)
    unit = UnitId(f"app{rollout}", "production")
    return RolloutMoved(rollout=f"r{rollout}", unit=unit, before=before, after=after, reason=f"{number}")


async def test_what_happens_is_told_with_its_thread_and_the_reference_of_the_first_message(tmp_path: Path) -> None:
    receiver = Receiver()
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), receiver) as here:
        await here.append(SourceLost(reason="no route"))
        await here.append(SourceFound())
        await receiver.until(lambda: len(receiver.got) == 2)
    assert receiver.said() == [
        ("deploys", "Git cannot be asked; the fleet is kept as it was"),
        ("deploys", "Git can be asked again"),
    ]
    assert [each.thread for each in receiver.got] == ["", "ref:git"]
    assert len({each.key for each in receiver.got}) == 2


async def test_a_first_start_begins_with_what_happens_from_then_on(tmp_path: Path) -> None:
    receiver = Receiver()
    async with telling(tmp_path / "journal.db", saying(Notifications()), receiver) as here:
        await here.append(*(paused(f"old {number}") for number in range(20)))
        await here.store._database.write(lambda connection: connection.exec_driver_sql("DELETE FROM reader"))
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), receiver) as here:
        await here.append(paused("new"))
        await receiver.until(lambda: len(receiver.got) == 1)
    assert [each.notice.reason for each in receiver.got] == ["new"]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_ten_thousand_events_with_a_receiver_that_fails_half_of_the_time_and_a_restart(tmp_path: Path) -> None:
    chance = random.Random(7)

    def answers(message: Outgoing) -> Delivered:
        if chance.random() < 0.5:
            raise Unreachable("HTTP 503")
        if chance.random() < 0.02:
            # It has the message, and nobody is told so.
            receiver.got.append(message)
            raise Unreachable("the connection broke")
        return Delivered()

    # Not so quick that a day passes meanwhile, after which what still fails is given up.
    receiver, clock = Receiver(answers), HurryingClock(150)
    path, following = tmp_path / "journal.db", saying(everything("deploys"))
    events = [moved(rollout, number) for number in range(100) for rollout in range(100)]
    async with telling(path, following, receiver, clock) as here:
        for start in range(0, len(events), 500):
            await here.append(*events[start : start + 500])
        await receiver.until(lambda: len(receiver.got) > 3000, within=250)
    before = len(receiver.got)
    async with telling(path, following, receiver, clock):
        await receiver.until(lambda: len({each.key for each in receiver.got}) == len(events), within=250)

    assert before < len(events)
    told = defaultdict(list)
    for each in receiver.got:
        told[each.notice.thread].append(int(each.notice.detail))
    assert len(told) == 100
    for numbers in told.values():
        assert list(dict.fromkeys(numbers)) == list(range(100)), "each at least once, in order"
        assert numbers == sorted(numbers)


async def test_a_dead_channel_keeps_no_other_waiting_and_is_told_of_once_through_the_others(tmp_path: Path) -> None:
    def answers(message: Outgoing) -> Delivered:
        if message.channel.name == "dead":
            raise Unreachable("connection refused")
        return Delivered()

    receiver, clock = Receiver(answers), HurryingClock(20_000)
    async with telling(tmp_path / "journal.db", saying(everything("dead", "deploys")), receiver, clock) as here:
        began = here.clock.now()
        await here.append(*(paused(f"{number}") for number in range(20)))
        await receiver.until(lambda: len(receiver.got) >= 20)
        assert here.clock.now() - began < timedelta(hours=12)
        await receiver.until(lambda: any(each.notice.topic is Topic.CHANNEL_DEAD for each in receiver.got))
        assert here.clock.now() - began > timedelta(hours=24)
    told = [each.notice for each in receiver.got if each.notice.topic is Topic.CHANNEL_DEAD]
    assert len(told) == 1
    assert told[0].title == "people cannot be told through the channel dead"
    assert "connection refused (tried " in told[0].detail


async def test_what_is_refused_is_given_up_at_once_and_the_thread_goes_on(tmp_path: Path) -> None:
    def answers(message: Outgoing) -> Delivered:
        if message.notice.reason == "bad":
            raise Refused("HTTP 400: no such field")
        return Delivered()

    receiver = Receiver(answers)
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), receiver) as here:
        await here.append(paused("bad"), paused("good"))
        await receiver.until(lambda: len(receiver.got) == 1)
        dropped = [each.event for each in await here.store.history.since(0) if each.event.event == "notice_dropped"]
    assert [each.notice.reason for each in receiver.got] == ["good"]
    assert [(each.channel, each.reason) for each in dropped] == [("deploys", "HTTP 400: no such field")]
    assert receiver.tried == 2, "that the channel is dead is not told through itself"


async def test_what_a_person_has_to_mend_is_tried_for_an_hour(tmp_path: Path) -> None:
    def answers(message: Outgoing) -> Delivered:
        if message.channel.name == "closed":
            raise Denied("HTTP 403: the token is not good")
        return Delivered()

    receiver = Receiver(answers)
    async with telling(tmp_path / "journal.db", saying(everything("closed", "deploys")), receiver) as here:
        began = here.clock.now()
        await here.append(paused())
        await receiver.until(lambda: any(each.notice.topic is Topic.CHANNEL_DEAD for each in receiver.got))
        assert timedelta(hours=1) <= here.clock.now() - began < timedelta(hours=3)


async def test_a_channel_is_left_alone_as_long_as_it_wants(tmp_path: Path) -> None:
    times = []

    def answers(message: Outgoing) -> Delivered:
        times.append(here.clock.now())
        if len(times) == 1:
            raise TooMany("HTTP 429", after=timedelta(minutes=10))
        return Delivered()

    receiver = Receiver(answers)
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), receiver) as here:
        await here.append(paused("one"))
        await receiver.until(lambda: receiver.tried > 0 or bool(receiver.got))
        await here.append(paused("two", UnitId("cart", "production")))
        await receiver.until(lambda: len(receiver.got) == 2)
    assert times[1] - times[0] >= timedelta(minutes=10)


async def test_a_bug_with_one_message_loses_nothing_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    tries = defaultdict(int)

    def answers(message: Outgoing) -> Delivered:
        tries[message.notice.reason] += 1
        if message.notice.reason == "odd" and tries["odd"] < 3:
            raise ZeroDivisionError
        return Delivered()

    receiver = Receiver(answers)
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), receiver) as here:
        await here.append(paused("odd"), paused("even", UnitId("cart", "production")))
        await receiver.until(lambda: len(receiver.got) == 2)
    assert [each.notice.reason for each in receiver.got] == ["even", "odd"]


async def test_an_entry_that_nobody_can_tell_of_hides_none_after_it(tmp_path: Path) -> None:
    odd = RolloutMoved(rollout="r", unit=SHOP, before="running", after="in a state of a later version", reason="")
    receiver = Receiver()
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), receiver) as here:
        await here.append(odd, paused("after it"))
        await receiver.until(lambda: len(receiver.got) == 1)
    assert [each.notice.reason for each in receiver.got] == ["after it"]


async def test_what_is_over_the_rate_is_summed_up(tmp_path: Path) -> None:
    rate = Rate(count=5, per=timedelta(minutes=10))
    policy = NotificationPolicy(name="all", to=("deploys",))
    following = saying(Notifications(channels={"deploys": channel("deploys", rate)}, policies=(policy,)))
    receiver = Receiver()
    async with telling(tmp_path / "journal.db", following, receiver) as here:
        await here.append(*(paused(f"{number}", UnitId(f"app{number}", "production")) for number in range(100)))
        await receiver.until(
            lambda: sum(max(1, len(each.notice.several) + each.notice.more) for each in receiver.got) == 100
        )
    assert len(receiver.got) == 5
    assert receiver.got[-1].notice.topic is Topic.SEVERAL
    assert receiver.got[-1].notice.title == "the fleet: 96 events (96 unit.paused)"


@dataclass
class Held(Receiver):
    """All channels, which answer once the gate is open."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, message: Outgoing) -> Delivered:
        self.tried += 1
        self.more.set()
        await self.gate.wait()
        return await Receiver.deliver(self, message)


def put_in(number: int, **more: object) -> tuple[int, Due]:
    told = notice(id=f"{number}", title=f"{number}", thread=f"t{number}", severity=Severity.WARNING)
    told = replace(told, **{key: more.pop(key) for key in ("severity", "title") if key in more})  # type: ignore[arg-type]
    return number, Due(channel="deploys", policy="all", due=START, notice=told, **more)  # type: ignore[arg-type]


async def test_what_is_critical_or_acted_on_meanwhile_counts_for_all_that_was_not_begun(tmp_path: Path) -> None:
    receiver, clock = Held(), HurryingClock(1)
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), receiver, clock) as here:
        many = (*(put_in(number) for number in range(40)), put_in(40, awaits="shop@production"))
        await here.store.outbox.put(Read(number=1, due=many))
        here.deliveries.tell({"deploys"})
        await receiver.until(lambda: receiver.tried == AT_ONCE)
        urgent = put_in(41, severity=Severity.CRITICAL, title="urgent")
        await here.store.outbox.put(Read(number=50, due=(urgent,), settled=((50, "shop@production"),)))
        receiver.gate.set()
        await receiver.until(lambda: len(receiver.got) == 41)
    titles = [each.notice.title for each in receiver.got]
    assert titles.index("urgent") <= 2 * AT_ONCE
    assert "40" not in titles


async def test_what_waits_for_a_channel_that_leaves_git_meanwhile_is_not_sent(tmp_path: Path) -> None:
    receiver, clock, following = Held(), HurryingClock(1), saying(everything("deploys"))
    async with telling(tmp_path / "journal.db", following, receiver, clock) as here:
        await here.store.outbox.put(Read(number=1, due=tuple(put_in(number) for number in range(40))))
        here.deliveries.tell({"deploys"})
        await receiver.until(lambda: receiver.tried == AT_ONCE)
        bell = here.news.reader()
        following.newest = saying(Notifications()).newest
        receiver.gate.set()
        async with asyncio.timeout(20):
            while await here.store.outbox.channels():
                await bell.heard(timedelta(seconds=1))
    assert len(receiver.got) == AT_ONCE


async def test_a_channel_that_left_git_is_given_up(tmp_path: Path) -> None:
    def answers(message: Outgoing) -> Delivered:
        raise Unreachable("no")

    receiver = Receiver(answers)
    async with telling(tmp_path / "journal.db", saying(everything("gone")), receiver) as here:
        await here.append(paused())
        await receiver.until(lambda: receiver.tried > 0)
    async with telling(tmp_path / "journal.db", saying(everything("deploys")), Receiver()) as here:
        async with asyncio.timeout(20):
            bell = here.news.reader()
            while not [one for one in await here.store.history.since(0) if one.event.event == "notice_dropped"]:
                await bell.heard(timedelta(seconds=1))
        (dropped,) = [one.event for one in await here.store.history.since(0) if one.event.event == "notice_dropped"]
    assert dropped.reason == "there is no NotificationChannel named gone in the commit that is followed"
