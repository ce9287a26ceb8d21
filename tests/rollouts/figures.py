"""Figures of the app under test, and the documents that ask for them."""

from collections.abc import Mapping
from typing import Any

FIGURE = "/run/app/figure"
"""Where a test says a number."""

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


def figure(**differing: Any) -> Mapping[str, Any]:
    """Return an Analysis of a number that the test says on the hosts; nothing said is good."""
    spec = {
        "provider": {"command": {}},
        "query": ["sh", "-c", f"cat {FIGURE} 2>/dev/null || echo 0"],
        "interval": "1s",
        "success": "result < 0.05",
        **differing,
    }
    return {"apiVersion": "reconciler/v1", "kind": "Analysis", "metadata": {"name": "figure"}, "spec": spec}
