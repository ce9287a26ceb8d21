"""Channels on which something rings until they are told that it is over, whatever a policy speaks of. Pure."""

from collections.abc import Mapping

from reconciler.model.channel import Channel, PagerDuty
from reconciler.model.notification import Course, Notice, NotificationPolicy, Topic


def alarms(channels: Mapping[str, Channel]) -> frozenset[str]:
    """Return the names of the channels that ring; there each notice is told by itself: it is one alarm with its end."""
    return frozenset(name for name, each in channels.items() if isinstance(each.via, PagerDuty))


def ends(notice: Notice) -> bool:
    """Whether an alarm of this thread, if there is one, is over or somebody is at it."""
    return notice.course is Course.ENDED_WELL or notice.topic in (Topic.APPROVAL_GIVEN, Topic.WAIVER_REVIEWED)


def rung(policy: NotificationPolicy) -> tuple[str, ...]:
    """Return all channels that the policy may have told, at once or when nobody acted."""
    return (*policy.to, *(each for alarm in policy.escalate for each in alarm.to))
