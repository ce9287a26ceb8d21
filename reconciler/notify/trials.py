"""What is said through which channel when channels are tried. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.channel import Channel
from reconciler.model.notification import Notice, NotificationPolicy, Notifications
from reconciler.notify.matching import template


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One message to be tried: by the template of the policy, or by the usual one where both are empty."""

    channel: Channel
    policy: str = ""
    template: str = ""


def trials(notifications: Notifications, notice: Notice, only: str | None) -> Sequence[Trial]:
    """Return one trial a channel, of all or of that one; where a policy has words of its own for this, by them."""
    chosen = (each for name, each in sorted(notifications.channels.items()) if only in (None, name))
    return [_trial(channel, notifications.policies, notice) for channel in chosen]


def _trial(channel: Channel, policies: Sequence[NotificationPolicy], notice: Notice) -> Trial:
    for policy in policies:
        tells = channel.name in policy.to or any(channel.name in alarm.to for alarm in policy.escalate)
        if tells and (words := template(policy, notice)):
            return Trial(channel=channel, policy=policy.name, template=words)
    return Trial(channel=channel)
