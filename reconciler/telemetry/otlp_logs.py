"""Lines of the log in the words of OpenTelemetry."""

import logging

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import TraceFlags

from reconciler.telemetry.line import Line

_SEVERITIES = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
)


def record(line: Line, resource: Resource, scope: InstrumentationScope) -> ReadableLogRecord:
    """Return the line as a record."""
    severity = next((number for level, number in _SEVERITIES if line.level >= level), SeverityNumber.DEBUG)
    made = LogRecord(
        timestamp=line.at,
        observed_timestamp=line.at,
        trace_id=line.within.trace if line.within else None,
        span_id=line.within.span if line.within else None,
        trace_flags=TraceFlags(TraceFlags.SAMPLED) if line.within else None,
        severity_text=severity.name,
        severity_number=severity,
        body=line.text,
        attributes=line.fields,
    )
    return ReadableLogRecord(made, resource, scope)
