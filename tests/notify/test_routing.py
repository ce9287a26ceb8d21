"""Who is told, through which channel, when, and with what."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import Match, Placed
from reconciler.model.channel import Channel, Rate, Webhook
from reconciler.model.event import Paused, RetryRequested, RolloutMoved, SourceFound
from reconciler.model.identity import UnitId
from reconciler.model.notification import (
    Alarm,
    Course,
    Grouping,
    NotificationPolicy,
    Notifications,
    QuietHours,
    Severity,
    Topic,
)
from reconciler.notify import escalation, grouping, sending
from reconciler.notify.matching import template
from reconciler.notify.quiet import quiet_until
from reconciler.notify.routing import Told, routed
from tests.notify.values import CRITICAL, NOW, SHOP, notice

NOWHERE = Placed()
MINUTE = timedelta(minutes=1)


def policy(name: str = "p", *to: str, **more: object) -> NotificationPolicy:
    return NotificationPolicy(name=name, to=to or ("deploys",), **more)  # type: ignore[arg-type]


def telling(*policies: NotificationPolicy) -> Notifications:
    names = {each for one in policies for each in (*one.to, *(to for alarm in one.escalate for to in alarm.to))}
    via = Webhook(url="http://127.0.0.1", secret="s")
    return Notifications(channels={name: Channel(name=name, via=via) for name in names}, policies=policies)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, True),
        ({"events": ("rollout.*",)}, True),
        ({"events": ("drift.*", "rollout.failed")}, True),
        ({"events": ("drift.*",)}, False),
        ({"severity": Severity.ERROR}, True),
        ({"severity": Severity.CRITICAL}, False),
        ({"match": Match(units=("*@production",))}, True),
        ({"match": Match(units=("*@staging",))}, False),
        ({"match": Match(environments={"tier": "critical"})}, True),
        ({"match": Match(environments={"tier": "none"})}, False),
        ({"match": Match(apps={"team": "checkout"})}, True),
        ({"match": Match(apps={"team": "search"})}, False),
    ],
)
def test_a_policy_speaks_of_what_it_matches(wanted: dict[str, object], told: bool) -> None:
    assert bool(routed(notice(), telling(policy(**wanted)), CRITICAL)) is told  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "match", "told"),
    [
        ("", Match(), True),
        ("", Match(units=("*@production",)), False),
        ("", Match(environments={"tier": "critical"}), False),
        ("production", Match(units=("*@production",)), True),
        ("production", Match(units=("*",)), True),
        ("production", Match(units=("shop@*",)), False),
        ("production", Match(units=("*@staging",)), False),
        ("production", Match(environments={"tier": "critical"}), True),
        ("production", Match(apps={"team": "checkout"}), False),
    ],
)
def test_what_is_about_no_unit_is_told_by_who_speaks_of_all_or_of_the_environment(
    environment: str, match: Match, told: bool
) -> None:
    about = notice(unit=None, environment=environment, thread="lock:production")
    placed = Placed(environment={"tier": "critical"}) if environment else NOWHERE
    assert bool(routed(about, telling(policy(match=match)), placed)) is told


def test_nobody_is_told_without_a_policy() -> None:
    assert routed(notice(), Notifications(), CRITICAL) == ()


def test_a_channel_that_several_policies_name_is_told_once_as_soon_as_any_of_them_wants() -> None:
    slow = policy("a", "deploys", "mail", group=Grouping(by=(), wait=MINUTE))
    quick = policy("b", "deploys")
    told = routed(notice(), telling(slow, quick), CRITICAL)
    assert told == (
        Told(channel="deploys", policy="b", due=NOW),
        Told(channel="mail", policy="a", due=NOW + MINUTE, bundle="group:a:"),
    )


def test_what_asks_for_somebody_is_told_to_others_later_unless_somebody_acts() -> None:
    wants = policy("p", "deploys", escalate=(Alarm(after=15 * MINUTE, to=("oncall", "deploys")),))
    told = routed(notice(course=Course.NEEDS_SOMEBODY), telling(wants), CRITICAL)
    assert told[1:] == (Told(channel="oncall", policy="p", due=NOW + 15 * MINUTE, awaits="shop@production"),)
    assert len(routed(notice(course=Course.UNDER_WAY), telling(wants), CRITICAL)) == 1


def test_that_a_channel_is_dead_is_not_told_through_itself() -> None:
    dead = notice(Topic.CHANNEL_DEAD, thread="channel:deploys", unit=None, environment="")
    told = routed(dead, telling(policy("p", "deploys", "mail")), NOWHERE)
    assert [each.channel for each in told] == ["mail"]


NIGHT = QuietHours(cron="0 22 * * *", duration=timedelta(hours=9), zone="Europe/Berlin")
WEEKEND = QuietHours(cron="0 0 * * 6", duration=timedelta(days=2), zone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "until"),
    [
        ((), "2026-03-02T03:00:00+01:00", None),
        ((NIGHT,), "2026-03-02T21:59:59+01:00", None),
        ((NIGHT,), "2026-03-02T22:00:00+01:00", "2026-03-03T07:00:00+01:00"),
        ((NIGHT,), "2026-03-03T06:59:59+01:00", "2026-03-03T07:00:00+01:00"),
        ((NIGHT,), "2026-03-03T07:00:00+01:00", None),
        # Saturday and Sunday, and the night after them.
        ((NIGHT, WEEKEND), "2026-03-07T12:00:00+01:00", "2026-03-09T07:00:00+01:00"),
        # Clocks are moved in this night: nine hours are nine hours.
        ((NIGHT,), "2026-03-28T23:00:00+01:00", "2026-03-29T08:00:00+02:00"),
        # What has no end would tell nobody for ever, so it is not quiet.
        ((QuietHours(cron="* * * * *", duration=timedelta(hours=1)),), "2026-03-02T12:00:00+00:00", None),
    ],
)
def test_quiet_hours_end_when_all_of_them_are_over(
    hours: tuple[QuietHours, ...], moment: str, until: str | None
) -> None:
    assert quiet_until(hours, at(moment)) == (at(until) if until else None)


def test_what_comes_in_quiet_hours_is_told_together_afterwards_and_what_is_critical_at_once() -> None:
    wants = telling(policy(quiet=(QuietHours(cron="0 11 * * *", duration=timedelta(hours=2)),)))
    (later,) = routed(notice(), wants, CRITICAL)
    assert later.due == NOW + timedelta(hours=1)
    assert later.bundle == f"quiet:p:{later.due.isoformat()}"
    (now,) = routed(notice(severity=Severity.CRITICAL), wants, CRITICAL)
    assert (now.due, now.bundle) == (NOW, "")


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ((), ""),
        (("unit",), "shop@production"),
        (("app", "environment"), "shop/production"),
        (("event", "team"), "rollout.failed/checkout"),
    ],
)
def test_what_is_alike_is_told_together(by: tuple[str, ...], key: str) -> None:
    assert grouping.key(Grouping(by=by, wait=MINUTE), notice()) == key


def test_many_in_one_tell_how_many_of_what_and_how_bad_the_worst_is() -> None:
    cart = UnitId("cart", "production")
    several = [
        notice(id="1"),
        notice(Topic.DRIFT_FOUND, Severity.CRITICAL, id="2", thread="drift:cart", unit=cart, title="drift"),
        *(notice(id=f"{number}", title=f"{number}") for number in range(3, 60)),
    ]
    told = grouping.summed(several)
    assert told.title == "the fleet: 59 events (58 rollout.failed, 1 drift.found)"
    assert (told.topic, told.severity, told.environment, told.unit) == ("several", "critical", "production", None)
    assert (len(told.several), told.more, told.several[-1].title) == (50, 9, "59")
    assert told.thread == "several:1"


def test_many_of_one_thread_are_told_as_the_newest_of_them() -> None:
    told = grouping.summed([notice(id="1", title="begins"), notice(id="2", title="failed")])
    assert (told.id, told.title, told.thread) == ("2", "failed", "plan:p1")
    assert [each.title for each in told.several] == ["begins", "failed"]
    assert grouping.summed([notice()]) == notice()


def test_a_template_is_that_of_the_first_glob_that_fits() -> None:
    wants = policy(templates={"rollout.failed": "a", "rollout.*": "b"})
    assert template(wants, notice()) == "a"
    assert template(wants, notice(Topic.ROLLOUT_HELD)) == "b"
    assert template(wants, notice(Topic.GIT_LOST)) == ""
    assert template(None, notice()) == ""


@pytest.mark.parametrize(
    ("thread", "unit", "subject"),
    [
        ("plan:p1", SHOP, "shop@production"),
        ("drift:shop@production", SHOP, "drift:shop@production"),
        ("git", None, "git"),
    ],
)
def test_what_has_to_be_acted_on(thread: str, unit: UnitId | None, subject: str) -> None:
    assert escalation.subject(notice(thread=thread, unit=unit)) == subject


def test_somebody_has_acted_when_they_decide_or_when_all_is_well_again() -> None:
    def moved(before: str | None, after: str) -> RolloutMoved:
        return RolloutMoved(rollout="r", unit=SHOP, before=before, after=after, reason="")

    assert escalation.settled(RetryRequested(unit=SHOP, author="ann", reason="")) == {"shop@production"}
    assert escalation.settled(Paused(unit=SHOP, author="ann", reason="")) == {"shop@production", f"drift:{SHOP}"}
    assert escalation.settled(Paused(unit=None, author="ann", reason="")) == set()
    assert escalation.settled(SourceFound()) == {"git"}
    assert escalation.settled(moved(None, "pending")) == {"shop@production"}
    assert escalation.settled(moved("running", "held")) == set()


def waiting(
    number: int, thread: str = "", due: timedelta = timedelta(0), tries: int = 0, **more: object
) -> sending.Waiting:
    of = {"id": number, "thread": thread or f"t{number}", "bundle": "", "due": NOW + due, "tries": tries}
    return sending.Waiting(**{**of, **more})  # type: ignore[arg-type]


LATER = timedelta(hours=1)


@pytest.mark.parametrize(
    ("rows", "messages"),
    [
        ([], ()),
        ([waiting(1), waiting(2)], ((1,), (2,))),
        ([waiting(1, "a"), waiting(2, "a"), waiting(3, "b")], ((1,), (3,))),
        # What was tried keeps the rest of its thread back; what waits for its time does not.
        ([waiting(1, "a", LATER, 1), waiting(2, "a"), waiting(3, "b")], ((3,),)),
        ([waiting(1, "a", LATER), waiting(2, "a")], ((2,),)),
        # A bundle goes when its first is due, with all that is in it.
        ([waiting(1, bundle="g"), waiting(2, bundle="h"), waiting(3, due=LATER, bundle="g")], ((1, 3), (2,))),
        ([waiting(1, due=LATER, bundle="g"), waiting(2, due=LATER, bundle="g")], ()),
        # What is next of a thread goes before what is bundled of it.
        ([waiting(1, "a", LATER, 1), waiting(2, "b", bundle="g"), waiting(3, "a", bundle="g")], ((2,),)),
        # What was one message stays it.
        (
            [waiting(1, "a", LATER, 1), waiting(2, "b", bundle="message:2"), waiting(3, "a", bundle="message:2")],
            ((2, 3),),
        ),
    ],
)
def test_what_is_next(rows: list[sending.Waiting], messages: tuple[tuple[int, ...], ...]) -> None:
    assert sending.ready(rows, NOW) == messages


@pytest.mark.parametrize(
    ("rows", "left", "messages"),
    [
        ([waiting(1), waiting(2)], 2, ((1,), (2,))),
        ([waiting(1), waiting(2), waiting(3)], 2, ((1,), (2, 3))),
        ([waiting(1), waiting(2), waiting(3)], 1, ((1, 2, 3),)),
        ([waiting(1), waiting(2)], 0, ()),
        ([waiting(1), waiting(2, critical=True)], 0, ((2,),)),
        ([waiting(1), waiting(2), waiting(3, tries=1)], 2, ((3,), (1, 2))),
        ([waiting(1, tries=1), waiting(2, tries=1), waiting(3)], 1, ((1,),)),
        ([waiting(1, "a"), waiting(2, "a"), waiting(3, "a")], 1, ((1, 2, 3),)),
    ],
)
def test_what_is_over_the_rate_goes_with_the_last(
    rows: list[sending.Waiting], left: int, messages: tuple[tuple[int, ...], ...]
) -> None:
    assert sending.within_rate(sending.ready(rows, NOW), rows, left, NOW) == messages


def test_a_thread_with_something_critical_goes_first_though_it_is_not_the_next_of_it() -> None:
    later = waiting(5, "c", LATER, critical=True)
    rows = [waiting(1, "a"), waiting(2, "b"), waiting(3, "c"), waiting(4, "b", critical=True), later]
    assert sending.urgent_first(sending.ready(rows, NOW), rows, NOW) == ((2,), (1,), (3,))


def test_a_rate_counts_what_was_sent_within_its_time() -> None:
    rate = Rate(count=2, per=10 * MINUTE)
    sent = [NOW - 11 * MINUTE, NOW - 4 * MINUTE, NOW - MINUTE]
    assert sending.left(sent, rate, NOW) == 0
    assert sending.left(sent[:2], rate, NOW) == 1
    assert sending.left(sent, None, NOW) > 1000
    assert sending.free_at(sent, rate, NOW) == NOW + 6 * MINUTE
    assert sending.free_at([], rate, NOW) == NOW


def test_pauses_grow_to_five_minutes() -> None:
    pauses = [sending.pause_after(tries).total_seconds() for tries in range(1, 60)]
    assert pauses[:4] == [0.5, 1, 2, 4]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 300


rows = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from(["", "g", "h"]), st.integers(-1, 1), st.integers(0, 1), st.booleans()
    ),
    max_size=12,
).map(
    lambda drawn: [
        waiting(number, thread, timedelta(minutes=due), tries, bundle=bundle, critical=critical)
        for number, (thread, bundle, due, tries, critical) in enumerate(drawn)
    ]
)


@given(rows, st.integers(0, 5))
def test_nothing_is_told_twice_nor_before_what_was_tried_before_it_nor_beyond_the_rate(
    rows: list[sending.Waiting], left: int
) -> None:
    messages = sending.within_rate(sending.ready(rows, NOW), rows, left, NOW)
    told = [one for each in messages for one in each]
    assert len(told) == len(set(told))
    known = {each.id: each for each in rows}
    assert sum(not any(known[one].critical for one in each) for each in messages) <= left
    for each in messages:
        for one in each:
            before = [row for row in rows if row.thread == known[one].thread and row.id < one and row.tries]
            assert all(row.id in each for row in before)


@given(rows)
def test_something_is_told_whenever_the_first_of_a_thread_is_due(rows: list[sending.Waiting]) -> None:
    first = {each.thread: each for each in reversed(rows)}
    if any(each.due <= NOW for each in first.values()):
        assert sending.ready(rows, NOW)
