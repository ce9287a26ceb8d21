"""Simulated monitoring and other people's programs: what they answer is for the scenario to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.model.analysis import Query
from reconciler.model.canonical import Json
from reconciler.model.step import Hook
from reconciler.model.target import Target
from reconciler.ports.errors import Refused
from reconciler.ports.metrics import Reading
from reconciler.ports.outputs import Sink


@dataclass(slots=True)
class SimMetrics:
    """Implements ``ports.metrics.Metrics``; ``answer`` returns the figure of now, or raises WorldError."""

    answer: Callable[[Query], Reading]

    async def read(self, query: Query, host: Target | None) -> Reading:
        """Answer."""
        return self.answer(query)


@dataclass(slots=True)
class SimHooks:
    """Implements ``ports.hooks.Hooks``; the hooks named in ``refused`` say no, with the reason. ``called`` are keys."""

    refused: dict[str, str] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    async def call(self, hook: Hook, payload: Mapping[str, Json], key: str, host: Target | None, output: Sink) -> str:
        """Say yes, unless it is to be refused."""
        self.called.append(key)
        reason = next((reason for part, reason in self.refused.items() if part in str(hook)), None)
        if reason is not None:
            raise Refused(f"{hook}: {reason}")
        return "yes"
