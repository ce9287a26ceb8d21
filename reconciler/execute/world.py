"""What execution works on, each behind its port."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.ports.clock import Clock
from reconciler.ports.hooks import Hooks
from reconciler.ports.kind import Kind
from reconciler.ports.metrics import Metrics
from reconciler.ports.outputs import Outputs
from reconciler.ports.router import Routers
from reconciler.ports.targets import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The hosts, load balancers, monitoring and other people's programs; where goes what is printed; and time."""

    targets: Targets
    kinds: Mapping[str, Kind]
    clock: Clock
    routers: Routers
    metrics: Metrics
    hooks: Hooks
    outputs: Outputs
