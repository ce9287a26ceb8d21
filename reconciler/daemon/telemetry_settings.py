"""The settings of telemetry: where traces, figures and logs go."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from reconciler.daemon.section import Duration, Section

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class TelemetrySettings(Section):
    """``otlp`` is the URL of a collector (OTLP over HTTP); without it nothing is sent. ``headers`` name secrets.

    ``every`` is how often figures are sent.
    """

    otlp: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    headers: dict[str, str] = Field(default_factory=dict)
    traces: bool = True
    metrics: bool = True
    logs: bool = False
    every: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(minutes=1)

    @field_validator("otlp")
    @classmethod
    def _names_a_collector(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and not parts.hostname:
            raise ValueError("this names no host")
        if parts.username or parts.password:
            raise ValueError("no password belongs here; name a secret for a header in telemetry.headers")
        return url

    @model_validator(mode="after")
    def _keeps_secrets(self) -> "TelemetrySettings":
        parts = urlsplit(self.otlp)
        if self.headers and parts.scheme == "http" and parts.hostname not in _HERE:
            raise ValueError("headers hold secrets, which go to another machine over https:// only")
        return self
