"""Figures as they were collected for Prometheus, in the words of OpenTelemetry: its names, units and attributes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from math import inf
from typing import TypeAlias

from opentelemetry.sdk.metrics import export as otel
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import Metric

from reconciler.telemetry import table
from reconciler.telemetry.table import Figure

Times: TypeAlias = tuple[int, int]
"""Since when it is counted, and when it was read, in nanoseconds."""

_KNOWN: Mapping[str, Figure] = {each.exposed: each for each in (*table.COUNTED, *table.SHOWN)}
_WHOLE = otel.AggregationTemporality.CUMULATIVE


def data(metrics: Iterable[Metric], resource: Resource, scope: InstrumentationScope, times: Times) -> otel.MetricsData:
    """Return all of them; what the table does not know (of the process) keeps its name."""
    made = [metric for metric in (_metric(each, times) for each in metrics) if metric]
    return otel.MetricsData([otel.ResourceMetrics(resource, [otel.ScopeMetrics(scope, made, "")], "")])


def _metric(metric: Metric, times: Times) -> otel.Metric | None:
    known = _KNOWN.get(metric.name)
    found = _histogram(metric, times) if metric.type == "histogram" else _numbers(metric, times)
    if not found.data_points:
        return None
    if known is None:
        return otel.Metric(metric.name, metric.documentation, None, found)
    return otel.Metric(known.name, known.told, known.unit, found)


def _numbers(metric: Metric, times: Times) -> otel.Sum | otel.Gauge:
    points = [otel.NumberDataPoint(_attributes(each.labels), *times, each.value) for each in metric.samples]
    return otel.Sum(points, _WHOLE, is_monotonic=True) if metric.type == "counter" else otel.Gauge(points)


def _histogram(metric: Metric, times: Times) -> otel.Histogram:
    return otel.Histogram(list(_points(metric, times)), _WHOLE)


def _points(metric: Metric, times: Times) -> Iterator[otel.HistogramDataPoint]:
    below: defaultdict[tuple[tuple[str, str], ...], dict[float, int]] = defaultdict(dict)
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in metric.samples:
        labels = tuple((name, value) for name, value in sample.labels.items() if name != "le")
        if sample.name.endswith("_bucket"):
            below[labels][float(sample.labels["le"])] = int(sample.value)
        elif sample.name.endswith("_sum"):
            sums[labels] = sample.value
    for labels, bounds in below.items():
        # Prometheus counts all that is below each bound, OpenTelemetry what is between two.
        counts = [later - earlier for earlier, later in pairwise([0, *bounds.values()])]
        yield otel.HistogramDataPoint(
            attributes=_attributes(dict(labels)),
            start_time_unix_nano=times[0],
            time_unix_nano=times[1],
            count=bounds[inf],
            sum=sums.get(labels, 0.0),
            bucket_counts=counts,
            explicit_bounds=[bound for bound in bounds if bound != inf],
            # Nobody has kept them, and the field may be left out.
            min=None,  # type: ignore[arg-type]
            max=None,  # type: ignore[arg-type]
        )


def _attributes(labels: Mapping[str, str]) -> dict[str, str]:
    return {table.ATTRIBUTES.get(name, f"reconciler.{name}"): value for name, value in labels.items()}
