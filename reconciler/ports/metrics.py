"""Figures from monitoring systems."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from reconciler.model.analysis import Query
from reconciler.model.canonical import Json
from reconciler.model.target import Host


@dataclass(frozen=True, slots=True)
class Value:
    """An answer: a number, a list of numbers, or the JSON that a query asked for."""

    value: Json


@dataclass(frozen=True, slots=True)
class NoData:
    """It was asked, and there is nothing: no series, an empty list, NaN."""

    detail: str


Reading: TypeAlias = Value | NoData


class Metrics(Protocol):
    """Monitoring systems."""

    async def read(self, query: Query, host: Host | None) -> Reading:
        """Ask once; ``host`` is where a command runs. Raises WorldError when there is no answer, or no sense in it."""
        ...
