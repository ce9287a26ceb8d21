"""Ways to tell people something, as values. An address that is a secret is a reference, as all secrets are."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackBot:
    """A bot that writes to a channel (``#deploys``, or its id). ``token`` is the reference of ``xoxb-...``."""

    channel: str
    token: str
    api: str = "https://slack.com/api/"
    via: Literal["slack"] = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackWebhook:
    """An incoming webhook of Slack, without threads; ``url`` is a reference."""

    url: str
    via: Literal["slack_webhook"] = "slack_webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """A workflow of Microsoft Teams that takes cards; ``url`` is a reference."""

    url: str
    via: Literal["teams"] = "teams"


class MailSecurity(StrEnum):
    """How a connection to a mail server is kept from being read; ``none`` only where nobody logs in."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """Mail through a server.

    ``password`` is a reference, empty where nobody logs in; ``ca`` is PEM, None: those of the system.
    """

    server: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""
    password: str = ""
    ca: str | None = None
    via: Literal["email"] = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """A service of PagerDuty, by the reference of its integration key (Events API v2)."""

    key: str
    api: str = "https://events.pagerduty.com"
    via: Literal["pagerduty"] = "pagerduty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Any address that takes JSON, signed with the secret (a reference); ``token`` is one that is sent as bearer."""

    url: str
    secret: str
    token: str = ""
    via: Literal["webhook"] = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apprise:
    """What apprise can tell, by the reference of its URL."""

    url: str
    via: Literal["apprise"] = "apprise"


Via: TypeAlias = SlackBot | SlackWebhook | Teams | Email | PagerDuty | Webhook | Apprise


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many messages at most in any time that long; what is more is summed up in one."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to tell people, by the name that policies use."""

    name: str
    via: Via
    rate: Rate | None = None


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """Return the references of all secrets that a message through the channel needs."""
    via = channel.via
    match via:
        case SlackBot():
            return (via.token,)
        case SlackWebhook() | Teams() | Apprise():
            return (via.url,)
        case Email():
            return (via.password,) if via.password else ()
        case PagerDuty():
            return (via.key,)
        case Webhook():
            return (via.secret, via.token) if via.token else (via.secret,)
        case _:
            assert_never(via)
