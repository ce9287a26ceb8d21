"""OTLP over HTTP: our values in the words of OpenTelemetry. Importing this takes long: only who sends does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from prometheus_client import Metric

from reconciler.telemetry import otlp_logs, otlp_metrics
from reconciler.telemetry.line import Line
from reconciler.telemetry.reason import Reason
from reconciler.telemetry.span import Context, Span

WITHIN = timedelta(seconds=10)
"""How long one request takes at most, with every time it is tried again."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Who sends: ``instance`` tells this daemon from others."""

    version: str
    instance: str
    began: datetime


class Collector:
    """Sends to one collector. Every call blocks, for ``WITHIN`` at most; True when it took what it was sent.

    ``headers`` hold secrets: they are sent and nothing else.
    """

    def __init__(self, url: str, headers: Mapping[str, str], whose: Whose) -> None:
        self._reason = Reason()
        self._reason.listen()
        base, seconds = url.rstrip("/"), WITHIN.total_seconds()
        resource = {
            "service.name": "reconciler",
            "service.version": whose.version,
            "service.instance.id": whose.instance,
        }
        self._began = nanoseconds(whose.began)
        self._resource = Resource(resource)
        self._scope = InstrumentationScope("reconciler", whose.version)
        told, gzip = dict(headers), Compression.Gzip
        self._spans = OTLPSpanExporter(f"{base}/v1/traces", headers=told, timeout=seconds, compression=gzip)
        self._metrics = OTLPMetricExporter(f"{base}/v1/metrics", headers=told, timeout=seconds, compression=gzip)
        self._logs = OTLPLogExporter(f"{base}/v1/logs", headers=told, timeout=seconds, compression=gzip)

    def spans(self, spans: Sequence[Span]) -> bool:
        """Send spans."""
        return self._spans.export([self._span(each) for each in spans]) is SpanExportResult.SUCCESS

    def metrics(self, metrics: Sequence[Metric], at: datetime) -> bool:
        """Send figures as they were then."""
        data = otlp_metrics.data(metrics, self._resource, self._scope, (self._began, nanoseconds(at)))
        return self._metrics.export(data) is MetricExportResult.SUCCESS

    def logs(self, lines: Sequence[Line]) -> bool:
        """Send lines of the log."""
        batch = [otlp_logs.record(each, self._resource, self._scope) for each in lines]
        return self._logs.export(batch) is LogRecordExportResult.SUCCESS

    @property
    def why(self) -> str:
        """What was last said of a failure, on one line; empty before the first."""
        return self._reason.last

    def close(self) -> None:
        """End every wait before another try; for any thread."""
        self._reason.leave()
        for each in (self._spans, self._metrics, self._logs):
            each.shutdown()

    def _span(self, span: Span) -> ReadableSpan:
        failed = span.failed is not None
        return ReadableSpan(
            name=span.name,
            context=_context(span.context),
            parent=_context(span.parent) if span.parent else None,
            resource=self._resource,
            attributes=span.attributes,
            events=[Event(each.name, each.attributes, nanoseconds(each.at)) for each in span.notes],
            links=[Link(_context(each)) for each in span.links],
            kind=SpanKind.CLIENT if span.outward else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, span.failed) if failed else Status(StatusCode.UNSET),
            start_time=nanoseconds(span.began),
            end_time=nanoseconds(span.ended),
            instrumentation_scope=self._scope,
        )


def nanoseconds(at: datetime) -> int:
    """Return the time as OpenTelemetry has it: since 1970, exact to the microsecond."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def _context(context: Context) -> SpanContext:
    return SpanContext(context.trace, context.span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
