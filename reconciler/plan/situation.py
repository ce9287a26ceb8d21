"""Everything a pass knows: the planner's whole input."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.difference import UnitDiff
from reconciler.model.identity import UnitId
from reconciler.model.resource import Survey
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired
from reconciler.ports.kind import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What Git says, what the journal knows, what was seen, what differs from it, and the time.

    ``authors`` are the e-mail addresses of who wrote or committed what a unit would get, where somebody has to consent.
    ``begun`` are the units of which this pass has found already that something begins.
    """

    desired: Desired
    standing: Standing
    survey: Survey
    diffs: Mapping[UnitId, UnitDiff]
    kinds: Mapping[str, Kind]
    now: datetime
    authors: Mapping[UnitId, frozenset[str]] = field(default_factory=dict)
    begun: frozenset[UnitId] = frozenset()

    def diff(self, unit: UnitId) -> UnitDiff:
        """Return what differs in the unit."""
        return self.diffs.get(unit) or UnitDiff()
