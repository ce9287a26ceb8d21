"""A line of the log as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.telemetry.span import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``at`` is in nanoseconds since 1970, ``level`` one of ``logging``, ``within`` the span it is about, if any."""

    at: int
    level: int
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    within: Context | None = None
