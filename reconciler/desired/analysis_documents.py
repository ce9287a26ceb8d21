"""What people write about figures: Analysis documents, and how policies ask for them by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from reconciler.desired.fields import Budget, Count, Matching, Name, OrEmpty, Pause, Period, SecretReference, Strict
from reconciler.desired.words import describe
from reconciler.model.analysis import (
    Analysis,
    CommandQuery,
    Comparison,
    DatadogQuery,
    Direction,
    HttpQuery,
    Outcome,
    PrometheusQuery,
    Query,
    StateQuery,
)
from reconciler.model.step import DAY, Analyse

_SCALARS = (bool, int, float, str)


def _argument(value: Any) -> Any:
    if not isinstance(value, _SCALARS):
        raise ValueError(f"expected text, a number, true or false, got {describe(value)}")  # noqa: TRY004 - pydantic's
    return value


def _default(value: Any) -> Any:
    return None if value is None else _argument(value)


def _words(value: Any) -> Any:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError(f"expected a text, or the words of a command as a list, got {describe(value)}")


Argument: TypeAlias = Annotated[
    bool | int | float | str, PlainValidator(_argument, json_schema_input_type=bool | int | float | str)
]
"""The value of an argument: what a template can write."""

Default: TypeAlias = Annotated[
    bool | int | float | str | None, PlainValidator(_default, json_schema_input_type=bool | int | float | str | None)
]
"""The same, or null: it has to be given."""

Arguments: TypeAlias = Mapping[str, Argument]

Library: TypeAlias = Callable[[str, Arguments], Analysis | None]
"""The analysis of this name, rendered for a unit with these arguments; None where that is a mistake, told elsewhere."""


Fill: TypeAlias = Callable[[str], str]
"""Render the templates in a text."""

Text = Annotated[str, Matching(r"[\s\S]+", "a text that is not empty")]
Asked: TypeAlias = Annotated[
    str | tuple[str, ...], PlainValidator(_words, json_schema_input_type=str | tuple[str, ...])
]
"""What is asked: a text, or the words of a command."""

_ARGUMENT_NAME = Matching(r"[A-Za-z_][A-Za-z0-9_]{0,63}", "a name of letters, digits and '_'")
_COMPARISON = Comparison(baseline=CommandQuery(command=()))
_ANALYSIS = Analysis(name="", query=CommandQuery(command=()))


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


class FromPrometheus(Strict):
    """An instant query in PromQL. ``token`` is the reference of a secret, sent as a bearer token."""

    url: Text
    token: SecretReference | None = None

    def to_model(self, query: str, fill: Fill) -> Query:
        """Return the query."""
        return PrometheusQuery(url=fill(self.url), query=fill(query), token=self.token)


class FromDatadog(Strict):
    """A query of Datadog's metrics over the last ``over``: the newest value of each series."""

    api_key: SecretReference
    app_key: SecretReference
    over: Period = timedelta(minutes=5)
    url: Text = "https://api.datadoghq.com"

    def to_model(self, query: str, fill: Fill) -> Query:
        """Return the query."""
        return DatadogQuery(
            query=fill(query), api_key=self.api_key, app_key=self.app_key, over=self.over, url=fill(self.url)
        )


class FromHttp(Strict):
    """A JSON document over HTTP; ``query`` is the JSONPath that leads to the result, or CEL over ``body``."""

    url: Text
    language: Literal["jsonpath", "cel"] = "jsonpath"
    headers: dict[str, str] = Field(default_factory=dict)
    token: SecretReference | None = None

    def to_model(self, query: str, fill: Fill) -> Query:
        """Return the query."""
        headers = {name: fill(value) for name, value in self.headers.items()}
        return HttpQuery(
            url=fill(self.url), value=fill(query), language=self.language, headers=headers, token=self.token
        )


class FromState(Strict):
    """What was seen of resources: ``query`` is CEL over ``seen``, a list of what is known of each.

    Each has resource, target, present, attributes, status and age (in seconds). ``unit`` is the one that is rolled out,
    ``resource`` (kind:name) and ``target`` may be patterns with ``*``. What is older than ``maxAge`` is looked at anew.
    """

    resource: Text
    unit: Text = "{{ unit }}"
    target: Text = "*"
    max_age: Period = timedelta(seconds=10)

    def to_model(self, query: str, fill: Fill) -> Query:
        """Return the query."""
        return StateQuery(
            unit=fill(self.unit),
            resource=fill(self.resource),
            value=fill(query),
            target=fill(self.target),
            max_age=self.max_age,
        )


class FromCommand(Strict):
    """A command on the first target of the rollout that prints a number or JSON; ``query`` are its words."""


class ProviderSpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """Who is asked: exactly one of the keys."""

    prometheus: FromPrometheus | None = None
    datadog: FromDatadog | None = None
    http: FromHttp | None = None
    state: FromState | None = None
    command: Annotated[FromCommand | None, OrEmpty] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "ProviderSpec":
        if len(self.model_fields_set) != 1 or None in (getattr(self, name) for name in self.model_fields_set):
            raise ValueError("expected exactly one of prometheus, datadog, http, state or command")
        return self

    @property
    def sort(self) -> type[Query]:
        """What its queries are."""
        if self.prometheus:
            return PrometheusQuery
        if self.datadog:
            return DatadogQuery
        if self.state:
            return StateQuery
        return HttpQuery if self.http else CommandQuery

    def to_model(self, asked: Asked, fill: Fill) -> Query:
        """Return a query of it; ``asked`` is a text, or words where it is a command."""
        source = self.prometheus or self.datadog or self.http or self.state
        if source is None:
            return CommandQuery(command=tuple(fill(word) for word in asked))
        return source.to_model(str(asked), fill)


class ComparisonSpec(Strict):
    """The canary beside a baseline, by Mann and Whitney's U test; the conditions have to hold as well.

    It fails when the canary's values differ significantly (``confidence``), in the bad ``direction``, and their mean
    by at least ``effect`` (0.1 is 10 %). With fewer than ``minimum`` values on a side it is inconclusive.
    """

    baseline: Asked
    direction: Literal["increase", "decrease", "either"] = "increase"
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = _COMPARISON.confidence
    effect: Annotated[float, Field(ge=0)] = _COMPARISON.effect
    minimum: Annotated[int, Field(strict=True, ge=3, le=100)] = _COMPARISON.minimum

    def to_model(self, provider: ProviderSpec, fill: Fill) -> Comparison:
        """Return the comparison, with its query rendered."""
        return Comparison(
            baseline=provider.to_model(self.baseline, fill),
            direction=Direction(self.direction),
            confidence=self.confidence,
            effect=self.effect,
            minimum=self.minimum,
        )


class AnalysisSpec(Strict):
    """A figure of the app, and how it is judged.

    ``success`` and ``failure`` are CEL over ``result``; one of them at least has to be given (a system that takes none
    for success would pass whatever is measured). With both, ``failure`` decides first, and neither is inconclusive.
    Limits are what is allowed: the analysis fails when *more* measurements fail than ``failureLimit`` (-1: no limit).
    An error is no measurement; it is asked again after 10 s. Texts are templates with app, version, environment, unit,
    vars, args, and canary and stable: regular expressions for the servers with the new and with the old version.
    ``args`` have defaults; null: it has to be given. ``weight`` 0 is measured and told, and decides nothing.
    """

    args: dict[Annotated[str, _ARGUMENT_NAME], Default] = Field(default_factory=dict)
    provider: ProviderSpec
    query: Asked
    interval: Period = _ANALYSIS.interval
    initial_delay: Pause = _ANALYSIS.initial_delay
    count: Count = 1
    success: Text | None = None
    failure: Text | None = None
    failure_limit: Annotated[int, Field(strict=True, ge=-1, le=1_000_000)] | None = None
    inconclusive_limit: Budget = _ANALYSIS.inconclusive_limit
    consecutive_error_limit: Budget = _ANALYSIS.consecutive_error_limit
    consecutive_success_limit: Count | None = None
    on_no_data: Literal["inconclusive", "failed", "successful", "error"] = "inconclusive"
    comparison: ComparisonSpec | None = None
    weight: Annotated[int, Field(strict=True, ge=0, le=1000)] = _ANALYSIS.weight

    @model_validator(mode="after")
    def _can_be_judged(self) -> "AnalysisSpec":
        if self.success is None and self.failure is None:
            beside = "; a comparison alone is not enough, it says nothing when both are bad" if self.comparison else ""
            raise ValueError(f"expected success or failure, a condition such as 'result < 0.05'{beside}")
        asked = [self.query, *([self.comparison.baseline] if self.comparison else [])]
        if any(isinstance(each, str) == bool(self.provider.command) for each in asked):
            words = "a list of words for a command" if self.provider.command else "a text, a list is for a command"
            raise ValueError(f"expected query and comparison.baseline to be {words}")
        return self

    def to_model(self, name: str, fill: Fill) -> Analysis:
        """Return the analysis with its texts rendered."""
        limit = self.failure_limit
        if limit is None:
            # So many in a row are asked for: then it is not the failures that decide, unless they are limited too.
            limit = 0 if self.consecutive_success_limit is None else -1
        return Analysis(
            name=name,
            query=self.provider.to_model(self.query, fill),
            interval=self.interval,
            initial_delay=self.initial_delay,
            count=self.count,
            success=fill(self.success) if self.success else None,
            failure=fill(self.failure) if self.failure else None,
            failure_limit=limit,
            inconclusive_limit=self.inconclusive_limit,
            consecutive_error_limit=self.consecutive_error_limit,
            consecutive_success_limit=self.consecutive_success_limit,
            on_no_data=Outcome(self.on_no_data),
            comparison=self.comparison.to_model(self.provider, fill) if self.comparison else None,
            weight=self.weight,
        )
