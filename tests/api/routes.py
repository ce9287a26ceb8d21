"""Every route with something that may be sent to it, so that a test can go through all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from reconciler.api.rule import HOOKS
from reconciler.model.identity import UnitId

BODIES: Mapping[str, Mapping[str, Any]] = {
    "reject": {"reason": "no"},
    "pause": {"reason": "a fire"},
    "lock": {"reason": "a fire"},
    "waive": {"reason": "a fire", "gates": ["window"]},
    "review": {"id": "w1", "finding": "all well"},
    "apply": {"plan": "sha256:" + "0" * 64},
    "accept": {"commit": "91bc4d2", "reason": "history was rewritten"},
    "delegate": {"to": "someone", "duration": "8h"},
    "tokens": {"name": "ci", "duration": "90d"},
}
"""What a route needs in its body, by the last word of its path; others need nothing."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path with its parameters in it."""

    method: str
    template: str

    def path(self, unit: UnitId, plan: str) -> str:
        values = {
            "unit": str(unit),
            "rollout": f"01jq8-{unit.app}",
            "plan": plan,
            "environment": unit.environment,
            "token": "t1",
        }
        return self.template.format(**values)

    @property
    def body(self) -> Mapping[str, Any] | None:
        if self.method != "POST":
            return None
        return BODIES.get(self.template.rpartition("/")[2], {})


def routes(application: FastAPI) -> Iterator[Route]:
    """Return every route that there is, as the application knows it."""
    for path, methods in application.openapi()["paths"].items():
        for method in methods:
            yield Route(method.upper(), path)


def mounted(application: FastAPI) -> set[tuple[str, str]]:
    """Return every route that answers, also those that are in no document; webhooks are not among them."""
    found = {(method, each.path) for each in iter_route_contexts(application.routes) for method in each.methods or ()}
    return {(method, path) for method, path in found if not path.startswith(HOOKS)}
