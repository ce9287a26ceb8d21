"""Every channel: a notice goes to the one that is named, with the secrets it needs, which are read when it is sent."""

from dataclasses import replace
from typing import assert_never

from reconciler.model.channel import Apprise, Email, PagerDuty, SlackBot, SlackWebhook, Teams, Webhook
from reconciler.policy.notice_limits import bounded
from reconciler.ports.channels import Delivered, Outgoing
from reconciler.ports.clock import Clock
from reconciler.ports.errors import WorldError
from reconciler.ports.secrets import Secrets
from reconciler.providers.channels import by_apprise, mail, pagerduty, slack, teams, webhook
from reconciler.providers.channels.keys import Keys
from reconciler.providers.http import Http


class AllChannels:
    """``ports.channels.Channels`` over HTTP, mail and the libraries of services."""

    def __init__(self, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._http = http
        self._secrets = secrets
        self._clock = clock

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand the message to its channel, with so much of the notice as any takes; raise as the port says."""
        keys = Keys(self._secrets, message.channel.name)
        failed: WorldError
        try:
            told = await self._handed(replace(message, notice=bounded(message.notice)), keys)
            return replace(told, detail=keys.without(told.detail))
        except Exception as error:  # noqa: BLE001 - whatever it is, it may hold a secret
            failed = keys.told(error)
        # Raised out here, it takes nothing with it of what it is raised for.
        raise failed

    async def _handed(self, message: Outgoing, keys: Keys) -> Delivered:  # noqa: PLR0911 - a line a channel
        via, now = message.channel.via, self._clock.now()
        match via:
            case SlackBot():
                return await slack.deliver_by_bot(via, message, await keys.token(via.token))
            case SlackWebhook():
                return await slack.deliver_to_webhook(self._http, await keys.address(via.url), message, now)
            case Teams():
                return await teams.deliver(self._http, await keys.address(via.url), message, now)
            case Email():
                return await mail.deliver(via, message, await keys.password(via.password))
            case PagerDuty():
                return await pagerduty.deliver(self._http, via, message, await keys.token(via.key), now)
            case Webhook():
                both = (await keys.signing(via.secret), await keys.token(via.token))
                return await webhook.deliver(self._http, via, message, both, now)
            case Apprise():
                return await by_apprise.deliver(await keys.service(via.url), message)
            case _:
                assert_never(via)
