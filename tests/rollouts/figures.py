"""What a real Prometheus says of the app under test, and the document that asks it."""

from collections.abc import Mapping
from typing import Any

ERROR_RATE = (
    'sum(rate(http_requests_total{app="shop",version="{{ version }}",code=~"5.."}[5s]) or vector(0)) '
    '/ sum(rate(http_requests_total{app="shop",version="{{ version }}"}[5s]))'
)


def error_rate(url: str, **differing: Any) -> Mapping[str, Any]:
    """Return an Analysis that wants fewer than 5 % of the new version's answers to be errors."""
    spec = {
        "provider": {"prometheus": {"url": url}},
        "query": ERROR_RATE,
        "initialDelay": "3s",
        "interval": "1s",
        "count": 3,
        "success": "result < 0.05",
        "failureLimit": 1,
        "inconclusiveLimit": 3,
        **differing,
    }
    return {"apiVersion": "reconciler/v1", "kind": "Analysis", "metadata": {"name": "error-rate"}, "spec": spec}
