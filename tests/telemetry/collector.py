"""A collector on loopback: it takes OTLP over HTTP as the specification has it, and remembers what it was sent."""

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collected:
    """What was sent. ``spans`` are by id: one that comes twice is one. ``answer`` is the status for all requests."""

    url: str
    spans: dict[bytes, Span] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    logs: list[LogRecord] = field(default_factory=list)
    resource: dict[str, str] = field(default_factory=dict)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    answer: int = 200

    def trace(self, trace: bytes) -> str:
        """Return the spans of a trace as a tree, a line each, by when they began."""
        spans = sorted((each for each in self.spans.values() if each.trace_id == trace), key=_began)
        known = {each.span_id for each in spans}
        return "\n".join(line for each in spans if each.parent_span_id not in known for line in _tree(each, spans, ""))

    def roots(self, name: str) -> list[Span]:
        """Return the spans of that name that are below none, by when they began."""
        found = [each for each in list(self.spans.values()) if each.name == name and not each.parent_span_id]
        return sorted(found, key=_began)

    def take(self, path: str, body: bytes) -> None:
        """Remember one request."""
        if path == "/v1/traces":
            for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resource = attributes(each.resource.attributes)
                self.spans.update((span.span_id, span) for scope in each.scope_spans for span in scope.spans)
        elif path == "/v1/metrics":
            for of in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics.update((one.name, one) for scope in of.scope_metrics for one in scope.metrics)
        else:
            for sent in ExportLogsServiceRequest.FromString(body).resource_logs:
                self.logs += [line for scope in sent.scope_logs for line in scope.log_records]


def attributes(told: "Iterator[KeyValue] | list[KeyValue]") -> dict[str, str]:
    """Return attributes as text."""
    return {each.key: str(getattr(each.value, each.value.WhichOneof("value") or "string_value")) for each in told}


@contextmanager
def collecting(port: int = 0) -> Iterator[Collected]:
    """Have a collector for the time of the block; port 0 is a free one."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if there.answer == 200:
                there.headers.append(dict(self.headers))
                there.take(self.path, body)
            self.send_response(there.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Taking)
    there = Collected(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


def _tree(span: Span, spans: list[Span], indent: str) -> Iterator[str]:
    yield f"{indent}{span.name}" + (" !" if span.status.code == span.status.STATUS_CODE_ERROR else "")
    for each in spans:
        if each.parent_span_id == span.span_id:
            yield from _tree(each, spans, f"{indent}  ")


def _began(span: Span) -> int:
    return int(span.start_time_unix_nano)
