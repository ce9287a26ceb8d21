"""The settings of telemetry: where traces, figures and logs go."""

from typing import Annotated

from pydantic import Field

from reconciler.daemon.section import Section


class TelemetrySettings(Section):
    """``otlp`` is the URL of a collector (OTLP over HTTP); without it nothing is sent. ``headers`` name secrets."""

    otlp: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    headers: dict[str, str] = Field(default_factory=dict)
    traces: bool = True
    metrics: bool = True
    logs: bool = False
