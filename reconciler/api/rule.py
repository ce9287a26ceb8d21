"""Who may use which route: one table, and a route that is not in it is for nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.access import Action


@dataclass(frozen=True, slots=True)
class ForAll:
    """Whoever can connect; the route itself looks at what they bring, where it has to."""


@dataclass(frozen=True, slots=True)
class ForKnown:
    """Whoever may read anything; the answer has only what they may read."""


@dataclass(frozen=True, slots=True)
class OfUnit:
    """Who may do that to the unit in the path; a unit that they may not read is not there for them."""

    action: Action


@dataclass(frozen=True, slots=True)
class OfAll:
    """Who may do that to everything."""

    action: Action


@dataclass(frozen=True, slots=True)
class ByDesk:
    """A request: the desk rules on it, and writes a refusal down. A unit in the path as above."""


@dataclass(frozen=True, slots=True)
class OfRecord:
    """Who may read the unit that the stored thing is about; else there is no such thing."""


Rule: TypeAlias = ForAll | ForKnown | OfUnit | OfAll | ByDesk | OfRecord

_VERBS = (
    "promote",
    "approve",
    "reject",
    "abort",
    "rollback",
    "hold",
    "release",
    "retry",
    "apply",
    "sync",
    "pause",
    "resume",
    "lock",
    "unlock",
    "waive",
    "review",
)

_VALUES = (
    "picture",
    "took",
    "may",
    "rollouts",
    "events",
    "since",
    "states",
    "plan",
    "review",
    "sightings",
    "remembered",
    "printed",
)
"""Each of them looks itself at what the caller may read."""

RULES: Mapping[tuple[str, str], Rule] = {
    ("GET", "/healthz"): ForAll(),
    ("GET", "/readyz"): ForAll(),
    ("GET", "/metrics"): ForAll(),
    ("GET", "/openapi.json"): ForAll(),
    ("GET", "/v1/units"): ForKnown(),
    ("GET", "/v1/units/{unit}"): OfUnit(Action.READ),
    ("GET", "/v1/units/{unit}/history"): OfUnit(Action.READ),
    ("GET", "/v1/units/{unit}/logs"): OfUnit(Action.READ),
    ("GET", "/v1/units/{unit}/logs/stream"): OfUnit(Action.READ),
    ("GET", "/v1/rollouts"): ForKnown(),
    ("GET", "/v1/rollouts/{rollout}"): OfRecord(),
    ("GET", "/v1/rollouts/{rollout}/events"): OfRecord(),
    ("GET", "/v1/plans/{plan}"): OfRecord(),
    ("GET", "/v1/events"): ForKnown(),
    ("GET", "/v1/events/stream"): ForKnown(),
    ("GET", "/v1/audit"): ForKnown(),
    ("GET", "/v1/commits"): ForKnown(),
    ("GET", "/v1/plan"): ForKnown(),
    ("GET", "/v1/sightings"): ForKnown(),
    **{("POST", f"/v1/units/{{unit}}/{verb}"): ByDesk() for verb in _VERBS},
    ("POST", "/v1/pause"): ByDesk(),
    ("POST", "/v1/resume"): ByDesk(),
    ("POST", "/v1/environments/{environment}/lock"): ByDesk(),
    ("POST", "/v1/environments/{environment}/unlock"): ByDesk(),
    ("POST", "/v1/accept"): ByDesk(),
    ("POST", "/v1/delegate"): ByDesk(),
    ("GET", "/v1/tokens"): OfAll(Action.TOKENS),
    ("POST", "/v1/tokens"): ByDesk(),
    ("DELETE", "/v1/tokens/{token}"): ByDesk(),
    **{("GET", f"/v1/values/{name}"): ForKnown() for name in _VALUES},
    ("POST", "/v1/values/way-back"): ForKnown(),
    ("POST", "/v1/values/decide"): ByDesk(),
}
"""By method and path. HEAD is GET without the body."""

OPEN_PATHS = frozenset(path for (_, path), rule in RULES.items() if isinstance(rule, ForAll))
HOOKS = "/hooks/"
"""Below this are webhooks: each is signed, which its route checks; what is known of the caller does not count."""
