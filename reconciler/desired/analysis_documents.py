"""What people write about figures: Analysis documents, and how policies ask for them by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StrictBool, StrictFloat, StrictInt, StrictStr
from pydantic_core import CoreSchema, core_schema

from reconciler.desired.fields import Name, Period, Strict
from reconciler.model.analysis import Analysis
from reconciler.model.step import DAY, Analyse

Argument: TypeAlias = StrictBool | StrictInt | StrictFloat | StrictStr
"""The value of an argument: what a template can write."""

Arguments: TypeAlias = Mapping[str, Argument]

Library: TypeAlias = Callable[[str, Arguments], Analysis | None]
"""The analysis of this name, rendered for a unit with these arguments; None where that is a mistake, told elsewhere."""


def no_library(_name: str, _arguments: Arguments) -> Analysis | None:
    """Know no analysis: for whoever wants to know of a policy only what depends on no unit."""
    return None


class _Short:
    """The annotation that reads a name, or a list of them, as a mapping with that key alone."""

    def __init__(self, key: str, several: type | tuple[type, ...] = ()) -> None:
        self._key = key
        self._several = several

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def whole(value: Any) -> Any:
            if isinstance(value, str):
                return {self._key: [value] if self._several else value}
            return {self._key: value} if self._several and isinstance(value, self._several) else value

        return core_schema.no_info_before_validator_function(whole, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        short: list[dict[str, Any]] = [{"type": "string"}]
        if self._several:
            short.append({"type": "array", "items": {"type": "string"}, "minItems": 1})
        return {"anyOf": [*short, handler(schema)]}


class AnalyseSpec(Strict):
    """Measure until every named analysis has come to an end.

    ``analyse: error-rate`` and ``analyse: [error-rate, latency]`` say names alone. With ``passesAt`` (1 to 100) they
    are weighed together: the score is the percentage of weight that was successful. ``args`` go to all that take them.
    ``within`` is how long an inconclusive result waits for a person.
    """

    names: Annotated[tuple[Name, ...], Field(min_length=1)]
    passes_at: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    within: Period = DAY
    args: dict[str, Argument] = Field(default_factory=dict)

    def to_model(self, library: Library) -> Analyse:
        """Return the step with its analyses as they are for one unit."""
        found = (library(name, self.args) for name in self.names)
        return Analyse(tuple(each for each in found if each), self.passes_at, self.within)


AnalyseField: TypeAlias = Annotated[AnalyseSpec, _Short("names", (list, tuple))]
"""The value of ``analyse``: a name, a list of names, or all of it."""


class BackgroundSpec(Strict):
    """An analysis that goes on during a whole rollout, whatever its own ``count`` says; a name alone is enough."""

    analysis: Name
    args: dict[str, Argument] = Field(default_factory=dict)


BackgroundField: TypeAlias = Annotated[BackgroundSpec, _Short("analysis")]


def background(asked: Iterable[BackgroundSpec], library: Library) -> tuple[Analysis, ...]:
    """Return the analyses of a whole rollout as they are for one unit."""
    found = (library(each.analysis, each.args) for each in asked)
    return tuple(replace(each, count=None) for each in found if each)
