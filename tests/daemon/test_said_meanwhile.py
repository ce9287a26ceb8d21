"""What people say while a pass looks counts before anything begins: a real journal, on a simulated fleet."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.one_pass import one_pass
from reconciler.model.event import Event, Paused, PlanAccepted
from reconciler.model.identity import UnitId
from reconciler.model.resource import Resource, Survey
from reconciler.model.rollout import State
from reconciler.model.target import Target
from reconciler.model.waiting import Reason
from reconciler.model.word import Locked, TokenRevoked
from reconciler.ports.journal import Journal
from reconciler.simulate.world import SimWorld
from tests.daemon.fleet import Fleet, app, opened
from tests.factory import NOW
from tests.sim.clock import SimClock

SHOP = UnitId("shop", "testing")


class Overheard(SimWorld):
    """Somebody says something while the next look is under way."""

    journal: Journal
    says: Sequence[Event] = ()

    async def survey(self, host: Target, resources: Sequence[Resource]) -> Survey:
        said, self.says = self.says, ()
        if said:
            await self.journal.append(said, NOW)
        return await super().survey(host, resources)


async def passed(fleet: Fleet, hosts: Overheard, said: Event) -> int:
    """Return how many rollouts a pass has begun during which that was said."""
    hosts.journal, hosts.says = fleet.world.journal, (said,)
    seen = await one_pass(fleet.world)
    await carry_out(seen, fleet.world, fleet.hands)
    return len(await fleet.store.history.running())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Locked(unit=SHOP, environment="", author="ann", reason="audit", at=NOW), Reason.LOCKED),
        (Locked(unit=None, environment="testing", author="ann", reason="audit", at=NOW), Reason.LOCKED),
        (Paused(unit=SHOP, author="ann", reason="looking"), Reason.PAUSED),
        (Paused(unit=None, author="ann", reason="looking"), Reason.PAUSED),
    ],
)
async def test_who_stops_a_unit_while_a_pass_looks_has_stopped_it(tmp_path: Path, said: Event, reason: Reason) -> None:
    hosts = Overheard(SimClock(NOW))
    async with opened(tmp_path, hosts) as fleet:
        await fleet.commit("red", shop=app("red"))
        assert await passed(fleet, hosts, said) == 0
        (found,) = (await fleet.settled()).review.assessments
        assert found.waiting
        assert (found.waiting.reason, fleet.colours()) == (reason, [])


async def test_what_somebody_accepts_while_a_pass_looks_is_judged_anew_at_once(tmp_path: Path) -> None:
    hosts = Overheard(SimClock(NOW))
    async with opened(tmp_path, hosts) as fleet:
        await fleet.commit("red", shop=app("red"))
        assert await passed(fleet, hosts, PlanAccepted(unit=SHOP, plan="p", author="ann")) == 0
        ended = await fleet.settled()
        assert [each.state for each in ended.ended] == [State.SUCCEEDED]


async def test_what_is_said_of_something_else_holds_nothing_up(tmp_path: Path) -> None:
    hosts = Overheard(SimClock(NOW))
    async with opened(tmp_path, hosts) as fleet:
        await fleet.commit("red", shop=app("red"))
        assert await passed(fleet, hosts, TokenRevoked(id="t", author="ann", at=NOW)) == 1
