"""Traces, figures and logs for OpenTelemetry and Prometheus, read from journal events; logic never calls it."""
