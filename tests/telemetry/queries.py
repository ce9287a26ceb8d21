"""What dashboards and alert rules ask Prometheus."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "dashboards"
ALERTS = FOLDER / "alerts.yaml"
DASHBOARDS = ("fleet", "unit", "delivery", "daemon")
_VARIABLES = {"$environment": ".*", "$unit": ".*", "$__rate_interval": "1m", "$__range": "1h"}
_NAME = re.compile(r"\b(?:reconciler|process|http)_[a-z0-9_]+\b")


def asked_by_dashboards() -> Iterator[tuple[str, str]]:
    """Yield dashboard and title of each panel, with what it asks."""
    for name in DASHBOARDS:
        for panel in json.loads((FOLDER / f"{name}.json").read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", _filled_in(target["expr"])


def asked_by_alerts() -> Iterator[tuple[str, str]]:
    """Yield each alert with what it asks."""
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def names(expression: str) -> set[str]:
    """Return the figures that an expression is about; what stands in quotes is none."""
    return set(_NAME.findall(re.sub(r'"[^"]*"', "", expression)))


def _filled_in(expression: str) -> str:
    for variable, value in _VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression
