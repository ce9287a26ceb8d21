"""The settings of forges: where pull requests are, and which webhooks are listened to."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from reconciler.daemon.api_settings import Reference
from reconciler.daemon.section import Duration, Section
from reconciler.model.forge import ForgeKind

_URLS = {"github": "https://api.github.com", "gitlab": "https://gitlab.com/api/v4"}

HookName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class WebhookSettings(Section):
    """A webhook: which forge sends it, and the secret that it is signed with, by reference."""

    kind: ForgeKind
    secret: Reference


class ForgeSettings(Section):
    """The forge whose pull requests get the plan. ``url`` is that of its API; ``token`` and ``webhook_secret`` are
    names of secrets.

    ``comment`` and ``status`` say what is written there, ``forks`` whether requests from other repositories are planned
    too, ``revert_request`` whether an automatic revert opens a pull request; ``poll`` is how often the forge is asked.
    """

    kind: Literal["github", "gitlab", "gitea"]
    url: str = ""
    repository: Annotated[str, Field(pattern=r"^[\w.-]+(/[\w.-]+)+$")]
    token: Reference
    webhook_secret: Reference | None = None
    comment: bool = True
    status: bool = True
    forks: bool = False
    revert_request: bool = False
    poll: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(minutes=1)

    @property
    def api(self) -> str:
        """The URL of the API, without a slash at the end."""
        return (self.url or _URLS.get(self.kind, "")).rstrip("/")

    @model_validator(mode="after")
    def _is_private(self) -> "ForgeSettings":
        parts = urlsplit(self.api)
        if not self.api:
            raise ValueError("url: write the URL of the API, for example https://git.example.net/api/v1")
        private = parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or ""))
        if not private or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("url: expected https://HOST[/PATH]: the token goes there")
        if self.kind != "gitlab" and self.repository.count("/") != 1:
            raise ValueError("repository: expected OWNER/NAME")
        return self


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
