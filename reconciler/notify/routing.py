"""Who is told of a notice, through which channel, and when: at once, in one message with others, or later. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.access import Placed
from reconciler.model.notification import Notice, NotificationPolicy, Notifications, Severity
from reconciler.notify import escalation, grouping
from reconciler.notify.alarms import alarms, ends, rung
from reconciler.notify.controller import dead
from reconciler.notify.matching import is_about, speaks_of
from reconciler.notify.quiet import quiet_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice for a channel, ``due`` then. Those of one ``bundle`` are told in one message; empty: by itself.

    ``policy`` is the one that wants it. ``awaits`` is there when it is told only unless somebody acts on it before.
    """

    channel: str
    policy: str
    due: datetime
    bundle: str = ""
    awaits: str = ""


def routed(notice: Notice, notifications: Notifications, placed: Placed) -> tuple[Told, ...]:
    """Return who is told: each channel once at once, by whichever policy tells it first, and once later."""
    ringing = alarms(notifications.channels)
    fitting = [each for each in notifications.policies if speaks_of(each, notice, placed)]
    ending = [each for each in notifications.policies if ends(notice) and is_about(each.match, notice, placed)]
    fit_ones = (told for policy in fitting for told in _at_once(policy, notice, ringing))
    end_ones = (told for policy in ending for told in _ended(policy, notice, ringing))
    at_once = _soonest((*fit_ones, *end_ones))
    named = {each.channel for each in at_once}
    later = _soonest(told for policy in fitting for told in _later(policy, notice) if told.channel not in named)
    # That a channel is dead is not told through itself.
    return tuple(each for each in (*at_once, *later) if notice.thread != dead(each.channel))


def _soonest(all_told: Iterable[Told]) -> tuple[Told, ...]:
    first: dict[str, Told] = {}
    for told in all_told:
        if told.channel not in first or told.due < first[told.channel].due:
            first[told.channel] = told
    return tuple(first.values())


def _at_once(policy: NotificationPolicy, notice: Notice, ringing: Collection[str]) -> Iterator[Told]:
    due, bundle = when(policy, notice, notice.at)
    for channel in policy.to:
        yield Told(channel=channel, policy=policy.name, due=due, bundle="" if channel in ringing else bundle)


def _ended(policy: NotificationPolicy, notice: Notice, ringing: Collection[str]) -> Iterator[Told]:
    """The end of an alarm, as late as its beginning was: it must not come before it."""
    due, _ = when(policy, notice, notice.at)
    for channel in rung(policy):
        if channel in ringing:
            yield Told(channel=channel, policy=policy.name, due=due)


def _later(policy: NotificationPolicy, notice: Notice) -> Iterator[Told]:
    if not escalation.asks(notice):
        return
    for alarm in policy.escalate:
        due, _ = when(policy, notice, notice.at + alarm.after)
        for channel in alarm.to:
            yield Told(channel=channel, policy=policy.name, due=due, awaits=escalation.subject(notice))


def when(policy: NotificationPolicy, notice: Notice, at: datetime) -> tuple[datetime, str]:
    """Return when what could be told at that moment is, and with what in one message. Critical is told at once."""
    if notice.severity is Severity.CRITICAL:
        return at, ""
    due, bundle = at, ""
    if policy.group:
        due, bundle = at + policy.group.wait, f"group:{policy.name}:{grouping.key(policy.group, notice)}"
    if quiet := quiet_until(policy.quiet, due):
        return quiet, f"quiet:{policy.name}:{quiet.isoformat()}"
    return due, bundle
