"""A simulated world with nothing special in it: load balancers that listen, figures that are fine, hooks that agree."""

from collections.abc import Mapping

from reconciler.execute.world import World
from reconciler.ports.clock import Clock
from reconciler.ports.kind import Kind
from reconciler.ports.metrics import Value
from reconciler.ports.outputs import SILENT
from reconciler.simulate.answers import SimHooks, SimMetrics
from reconciler.simulate.routers import SimRouters
from reconciler.simulate.world import SimWorld


def reach(hosts: SimWorld, clock: Clock, kinds: Mapping[str, Kind]) -> World:
    """Return what execution works on, around these hosts."""
    routers = SimRouters(clock, serves=lambda member: member.target not in hosts.down, told=lambda _: None)
    metrics = SimMetrics(lambda _: Value(0.0))
    return World(
        targets=hosts,
        kinds=kinds,
        clock=clock,
        routers=routers,
        metrics=metrics,
        hooks=SimHooks(),
        outputs=SILENT,
    )
