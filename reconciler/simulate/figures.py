"""What analyses are told: each by its name, as the scenario last said."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.model.analysis import Analysis, Query
from reconciler.model.plan import Plan
from reconciler.model.step import Analyse
from reconciler.ports.errors import Unreachable
from reconciler.ports.metrics import NoData, Reading, Value
from reconciler.simulate.journal import MemoryJournal
from reconciler.simulate.scenario import Figure

USUAL = 0.0


@dataclass(slots=True)
class Figures:
    """The newest word on each analysis. One of which nobody spoke is told 0."""

    journal: MemoryJournal
    said: dict[str, Figure] = field(default_factory=dict)

    def answer(self, query: Query) -> Reading:
        """Return the figure of now; Unreachable while monitoring is away."""
        said = self.said.get(self._name(query))
        if said is None:
            return Value(USUAL)
        if said.away:
            raise Unreachable(f"cannot reach the monitoring for {said.analysis}: no route to host")
        return NoData("no series") if said.no_data or said.value is None else Value(said.value)

    def _name(self, query: Query) -> str:
        """Return which analysis asks; the baseline of a comparison is nobody's figure."""
        plans = reversed(self.journal.plans.values())
        return next((one.name for plan in plans for one in _analyses(plan) if one.query == query), "")


def _analyses(plan: Plan) -> Iterator[Analysis]:
    yield from plan.background
    for step in plan.steps:
        if isinstance(step, Analyse):
            yield from step.analyses
