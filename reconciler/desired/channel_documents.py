"""What people write under policies/ about ways to tell people something: NotificationChannel."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from reconciler.desired.fields import Address, Count, Matching, Period, Port, SecretReference, Strict
from reconciler.desired.urls import url_schema, web_address
from reconciler.desired.wait_documents import told_at
from reconciler.desired.words import one_of
from reconciler.model.channel import (
    Apprise,
    Channel,
    Email,
    MailSecurity,
    PagerDuty,
    Rate,
    SlackBot,
    SlackWebhook,
    Teams,
    Via,
    Webhook,
)

_SLACK, _PAGERDUTY = SlackBot(channel="", token=""), PagerDuty(key="")

Url = Annotated[str, AfterValidator(web_address(("http", "https"))), WithJsonSchema(url_schema("https?"))]
Mail = Annotated[
    str,
    Matching(r"[^\s@<>\",;:\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", "an address such as team@example.com"),
]
SlackChannel = Annotated[
    str,
    Matching(r"#[^\s#@,&<>]{1,80}|[CGD][A-Z0-9]{6,20}", "a channel such as '#deploys', or its id such as C024BE91L"),
]


class SlackSpec(Strict):
    """A bot of Slack (``token``: xoxb-..., with chat:write) that writes to a channel it is in: a thread a rollout."""

    channel: SlackChannel
    token: SecretReference
    api: Url = _SLACK.api

    def to_model(self) -> SlackBot:
        """Return the way."""
        return SlackBot(channel=self.channel, token=self.token, api=self.api.rstrip("/") + "/")


class SlackWebhookSpec(Strict):
    """An incoming webhook of Slack, whose address is a secret; it has no threads."""

    url: SecretReference

    def to_model(self) -> SlackWebhook:
        """Return the way."""
        return SlackWebhook(url=self.url)


class TeamsSpec(Strict):
    """A workflow of Microsoft Teams that posts cards, whose address is a secret."""

    url: SecretReference

    def to_model(self) -> Teams:
        """Return the way."""
        return Teams(url=self.url)


class AppriseSpec(Strict):
    """What apprise can tell: its URL, which is a secret."""

    url: SecretReference

    def to_model(self) -> Apprise:
        """Return the way."""
        return Apprise(url=self.url)


class EmailSpec(Strict):
    """Mail through a server. ``user`` and ``password`` come together; nobody logs in over what others can read."""

    server: Address
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretReference | None = None
    ca: Annotated[str | None, Field(description="PEM of the authority that signed the server's certificate")] = None
    sender: Annotated[Mail, Field(alias="from")]
    to: Annotated[tuple[Mail, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _logs_in_safely(self) -> "EmailSpec":
        if bool(self.user) != (self.password is not None):
            raise ValueError("user and password come together")
        if self.user and self.security == "none":
            raise told_at(("security",), "a password is not sent where others can read it", self.security)
        return self

    def to_model(self) -> Email:
        """Return the way."""
        return Email(
            server=self.server,
            port=self.port,
            security=MailSecurity(self.security),
            user=self.user,
            password=self.password or "",
            ca=self.ca,
            sender=self.sender,
            to=self.to,
        )


class PagerDutySpec(Strict):
    """A service of PagerDuty: ``key`` is its integration key (Events API v2)."""

    key: SecretReference
    api: Url = _PAGERDUTY.api

    def to_model(self) -> PagerDuty:
        """Return the way."""
        return PagerDuty(key=self.key, api=self.api)


class WebhookSpec(Strict):
    """Any address that takes JSON; each message is signed with the ``secret``. ``token`` is sent as bearer."""

    url: Url
    secret: SecretReference
    token: SecretReference | None = None

    def to_model(self) -> Webhook:
        """Return the way."""
        return Webhook(url=self.url, secret=self.secret, token=self.token or "")


class RateSpec(Strict):
    """So many messages at most in any time that long; what is more is summed up in one."""

    count: Count
    per: Period


class NotificationChannelSpec(Strict):
    """A way to tell people something: exactly one of the ways, and how much it may be used, but for ``pagerduty``."""

    slack: SlackSpec | None = None
    slack_webhook: SlackWebhookSpec | None = None
    teams: TeamsSpec | None = None
    email: EmailSpec | None = None
    pagerduty: PagerDutySpec | None = None
    webhook: WebhookSpec | None = None
    apprise: AppriseSpec | None = None
    rate: RateSpec | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "NotificationChannelSpec":
        if sum(each is not None for each in self._ways()) != 1:
            keys = [field.alias or name for name, field in type(self).model_fields.items() if name != "rate"]
            raise ValueError(f"expected exactly one of {one_of(keys)}")
        return self

    @model_validator(mode="after")
    def _loses_no_end_of_an_alarm(self) -> "NotificationChannelSpec":
        if self.rate and self.pagerduty:
            # What is summed up is an alarm of its own, and the ends of those that are in it would be told nobody.
            message = "pagerduty takes no rate: what is summed up would end no alarm; remove rate"
            raise told_at(("rate",), message, self.rate)
        return self

    def to_model(self, name: str) -> Channel:
        """Return the channel under this name."""
        via: Via = next(each for each in self._ways() if each is not None).to_model()
        rate = Rate(count=self.rate.count, per=self.rate.per) if self.rate else None
        return Channel(name=name, via=via, rate=rate)

    def _ways(self) -> tuple["_Way | None", ...]:
        return (self.slack, self.slack_webhook, self.teams, self.email, self.pagerduty, self.webhook, self.apprise)


_Way: TypeAlias = SlackSpec | SlackWebhookSpec | TeamsSpec | EmailSpec | PagerDutySpec | WebhookSpec | AppriseSpec
