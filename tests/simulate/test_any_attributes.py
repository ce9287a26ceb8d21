"""A simulated fleet takes resources of any kind, whatever their attributes are."""

from reconciler.model.health import TcpCheck
from reconciler.model.resource import Resource
from reconciler.model.target import HttpApi
from reconciler.ports.targets import Transaction
from reconciler.simulate.world import SimWorld
from tests import factory
from tests.kinds.cases import resource_of
from tests.kinds.every import WRITTEN
from tests.sim.clock import SimClock


async def test_lists_and_mappings_among_attributes_make_nothing_ill_and_a_bad_text_does() -> None:
    world = SimWorld(SimClock(factory.NOW))
    api = HttpApi(name="web-1", environment="production", url="https://api.example.org", labels={})
    written: Resource = resource_of("httpResource", WRITTEN["httpResource"])
    await world.apply(api, Transaction(id="t1", operations=(), after=(written,)))
    assert (await world.check(api, TcpCheck(port=80))).healthy
    world.unhealthy.add("www")
    assert not (await world.check(api, TcpCheck(port=80))).healthy
