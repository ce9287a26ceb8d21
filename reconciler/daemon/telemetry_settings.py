"""The settings of telemetry: where traces, figures and logs go."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from reconciler.daemon.section import Duration, Section


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
