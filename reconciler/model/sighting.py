"""What was seen last: kept so that people and gates can ask for it without a new look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.canonical import Json
from reconciler.model.identity import UnitId
from reconciler.model.resource import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the last look saw of a unit's resources on one target, by ref.

    ``at`` is when. ``trouble`` is why a later look saw nothing, and ``tried`` when that was: what was seen before it
    is kept, and is as old as ``at`` says.
    """

    unit: UnitId
    target: str
    at: datetime
    seen: Mapping[str, Observation] = field(default_factory=dict)
    trouble: str = ""
    tried: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a target said of itself, and when."""

    target: str
    at: datetime
    facts: Mapping[str, Json]
