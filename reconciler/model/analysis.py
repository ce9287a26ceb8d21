"""Figures that decide whether a rollout goes on: what is asked, how answers are judged, and where a run stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

CANARY = "\ue010"
STABLE = "\ue011"
"""Stand in a query for the servers with the new and with the old version, until a plan knows which they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusQuery:
    """An instant query in PromQL; ``token`` is a secret's reference, sent as a bearer token."""

    url: str
    query: str
    token: str | None = None
    provider: Literal["prometheus"] = "prometheus"

    def __str__(self) -> str:
        return self.query


@dataclass(frozen=True, slots=True, kw_only=True)
class DatadogQuery:
    """A query of Datadog's metrics API over the last ``over``; the keys are secrets' references."""

    query: str
    api_key: str
    app_key: str
    over: timedelta = timedelta(minutes=5)
    url: str = "https://api.datadoghq.com"
    provider: Literal["datadog"] = "datadog"

    def __str__(self) -> str:
        return self.query


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpQuery:
    """A JSON document over HTTP, and the CEL expression (over ``body``) or JSONPath that takes the result out of it."""

    url: str
    value: str
    language: Literal["cel", "jsonpath"] = "jsonpath"
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    provider: Literal["http"] = "http"

    def __str__(self) -> str:
        return f"{self.url} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandQuery:
    """What a command prints on the first target of the rollout: a number, or JSON."""

    command: tuple[str, ...]
    provider: Literal["command"] = "command"

    def __str__(self) -> str:
        return " ".join(self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateQuery:
    """What was seen of a unit's resources: ``value`` is a CEL expression over ``seen``, a list with one for each.

    ``resource`` (``kind:name``) and ``target`` are patterns. What is older than ``max_age`` is looked at anew.
    """

    unit: str
    resource: str
    value: str
    target: str = "*"
    max_age: timedelta = timedelta(seconds=10)
    provider: Literal["state"] = "state"

    def __str__(self) -> str:
        return f"{self.resource} {self.value}"


Query: TypeAlias = PrometheusQuery | DatadogQuery | HttpQuery | CommandQuery | StateQuery


class Outcome(StrEnum):
    """What one measurement, or a whole run, amounts to. An error is no statement about the app."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Direction(StrEnum):
    """Which deviation from the baseline is bad."""

    INCREASE = "increase"
    DECREASE = "decrease"
    EITHER = "either"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The canary's samples against the baseline's (Mann-Whitney U), always beside absolute conditions.

    It fails when the difference is significant at ``confidence``, in the bad ``direction`` and of at least
    ``effect`` (ratio of means minus one). With fewer than ``minimum`` samples on a side it is inconclusive.
    """

    baseline: Query
    direction: Direction = Direction.INCREASE
    confidence: float = 0.98
    effect: float = 0.1
    minimum: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One metric, and how it is judged. Limits are what is allowed: a run fails when *more* than that happen.

    ``success`` and ``failure`` are CEL over ``result``. ``count`` None: measured until the rollout ends (background).
    ``weight`` is its part in the overall score. Rules: Argo Rollouts' (semantics of measurements and limits).
    """

    name: str
    query: Query
    interval: timedelta = timedelta(seconds=30)
    initial_delay: timedelta = timedelta(0)
    count: int | None = 1
    success: str | None = None
    failure: str | None = None
    failure_limit: int = 0
    inconclusive_limit: int = 0
    consecutive_error_limit: int = 4
    consecutive_success_limit: int | None = None
    on_no_data: Outcome = Outcome.INCONCLUSIVE
    comparison: Comparison | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One answer and its judgement: evidence. ``value`` is as it came, in words; ``detail`` says why."""

    at: datetime
    outcome: Outcome
    value: str
    detail: str = ""
    baseline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisRun:
    """Where one analysis of a rollout stands: counts so far, when to ask next, and its end when it has one.

    ``samples`` and ``baseline`` are the numbers so far, where they are compared.
    """

    name: str
    next_at: datetime
    outcome: Outcome | None = None
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    consecutive_errors: int = 0
    consecutive_successes: int = 0
    latest: Measurement | None = None
    reason: str = ""
    samples: tuple[float, ...] = ()
    baseline: tuple[float, ...] = ()
