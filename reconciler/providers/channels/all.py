"""Every channel: a notice goes to the one that is named, with the secrets it needs, which are read when it is sent."""

from dataclasses import replace
from functools import partial
from typing import assert_never

from reconciler.model.channel import Apprise, Email, PagerDuty, SlackBot, SlackWebhook, Teams, Webhook
from reconciler.policy.notice_limits import bounded
from reconciler.ports.channels import Delivered, Outgoing
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Denied
from reconciler.ports.secrets import Secrets
from reconciler.providers.channels import by_apprise, mail, pagerduty, slack, teams, webhook
from reconciler.providers.channels.aside import aside
from reconciler.providers.http import Http
from reconciler.providers.secret_use import used


class AllChannels:
    """``ports.channels.Channels`` over HTTP, mail and the libraries of services."""

    def __init__(self, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._http = http
        self._secrets = secrets
        self._clock = clock

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand the message to its channel, with so much of the notice as any takes; raise as the port says."""
        return await self._handed(replace(message, notice=bounded(message.notice)))

    async def _handed(self, message: Outgoing) -> Delivered:  # noqa: PLR0911 - a line a channel
        via, now = message.channel.via, self._clock.now()
        match via:
            case SlackBot():
                return await slack.deliver_by_bot(via, message, await self._secret(via.token, message))
            case SlackWebhook():
                return await slack.deliver_to_webhook(self._http, await self._secret(via.url, message), message, now)
            case Teams():
                return await teams.deliver(self._http, await self._secret(via.url, message), message, now)
            case Email():
                return await mail.deliver(via, message, await self._secret(via.password, message))
            case PagerDuty():
                return await pagerduty.deliver(self._http, via, message, await self._secret(via.key, message), now)
            case Webhook():
                keys = (await self._secret(via.secret, message), await self._secret(via.token, message))
                return await webhook.deliver(self._http, via, message, keys, now)
            case Apprise():
                return await by_apprise.deliver(await self._secret(via.url, message), message)
            case _:
                assert_never(via)

    async def _secret(self, reference: str, message: Outgoing) -> str:
        """The value, empty where none is named; line breaks at its end are those of a file."""
        if not reference:
            return ""
        purpose = f"cannot use channel {message.channel.name}"
        return (await aside(partial(used, self._secrets, reference, purpose, Denied))).strip()
