"""What rings until it is told that it is over is told that, whatever else its policy is about."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.access import Match, Placed
from reconciler.model.channel import Channel, PagerDuty, Webhook
from reconciler.model.notification import (
    Alarm,
    Course,
    Grouping,
    Notice,
    NotificationPolicy,
    Notifications,
    QuietHours,
    Severity,
    Topic,
)
from reconciler.notify.routing import routed
from tests.notify.values import NOW, notice

MINUTE = timedelta(minutes=1)
CHANNELS = {
    "pager": Channel(name="pager", via=PagerDuty(key="k")),
    "chat": Channel(name="chat", via=Webhook(url="http://127.0.0.1", secret="s")),
}
URGENT = NotificationPolicy(name="urgent", to=("pager", "chat"), severity=Severity.ERROR, events=("rollout.failed",))
FAILED = notice()
OVER = notice(Topic.ROLLOUT_SUCCEEDED, Severity.INFO, course=Course.ENDED_WELL)


def told(policy: NotificationPolicy, said: Notice = OVER) -> list[tuple[str, timedelta, str]]:
    """Return who is told, how long after noon, and in which bundle."""
    notifications = Notifications(channels=CHANNELS, policies=(policy,))
    return [(each.channel, each.due - NOW, each.bundle) for each in routed(said, notifications, Placed())]


@pytest.mark.parametrize(
    "over",
    [
        OVER,
        notice(Topic.DRIFT_HEALED, Severity.INFO, course=Course.ENDED_WELL),
        notice(Topic.APPROVAL_GIVEN, Severity.INFO),
        notice(Topic.WAIVER_REVIEWED, Severity.INFO),
    ],
    ids=lambda each: each.topic,
)
def test_only_what_rings_is_told_of_an_end_that_its_policy_does_not_speak_of(over: Notice) -> None:
    assert told(URGENT, over) == [("pager", timedelta(0), "")]


def test_what_goes_on_ends_no_alarm() -> None:
    assert told(URGENT, notice(Topic.ROLLOUT_BEGUN, Severity.INFO)) == []


def test_the_end_of_what_a_policy_is_not_about_is_not_told() -> None:
    assert told(replace(URGENT, match=Match(units=("*@staging",)))) == []


def test_who_may_have_been_told_because_nobody_acted_is_told_that_it_is_over() -> None:
    policy = replace(URGENT, to=("chat",), escalate=(Alarm(after=15 * MINUTE, to=("pager",)),))
    assert told(policy) == [("pager", timedelta(0), "")]


def test_an_alarm_is_in_no_group_and_its_end_does_not_come_before_it() -> None:
    policy = replace(URGENT, group=Grouping(by=("unit",), wait=MINUTE))
    assert told(policy, FAILED) == [
        ("pager", MINUTE, ""),
        ("chat", MINUTE, "group:urgent:shop@production"),
    ]
    assert told(policy) == [("pager", MINUTE, "")]


def test_what_begins_and_ends_in_quiet_hours_is_told_in_that_order_after_them() -> None:
    policy = replace(URGENT, quiet=(QuietHours(cron="0 12 * * *", duration=60 * MINUTE),))
    assert told(policy, FAILED)[0] == ("pager", 60 * MINUTE, "")
    assert told(policy, replace(OVER, at=NOW + MINUTE)) == [("pager", 60 * MINUTE, "")]


def test_a_policy_that_speaks_of_the_end_tells_each_once() -> None:
    policy = replace(URGENT, events=(), severity=Severity.INFO)
    assert [channel for channel, _, _ in told(policy)] == ["pager", "chat"]
