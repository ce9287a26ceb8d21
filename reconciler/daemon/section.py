"""What sections of the settings have in common: nothing unknown in them, and how durations are written."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from reconciler.model.duration import parse_duration


class Section(BaseModel):
    """A part of the settings: unknown keys are mistakes, nothing changes once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A duration such as ``30s``, ``5m`` or ``2h``."""
