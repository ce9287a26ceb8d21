"""What was seen is remembered with its age, asked for by gates, and looked at anew where it is too old."""

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.analysis import StateQuery
from reconciler.model.resource import Present
from reconciler.model.target import Sort
from reconciler.ports.errors import Broken, WorldError
from reconciler.ports.metrics import NoData, Value
from reconciler.providers import metrics_state
from reconciler.providers.by_sort import AllTargets
from reconciler.providers.remembering import Remembering, Taken
from reconciler.simulate.world import SimWorld
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP, host, thing
from tests.sim.clock import SimClock

MINUTE = timedelta(minutes=1)
MOTD = thing("a", "web-1", colour="red")
OTHER = thing("b", "web-2", colour="blue")


class Fleet:
    """Two simulated hosts on which one thing each is there, and what was seen of them."""

    def __init__(self) -> None:
        self.clock = SimClock(NOW)
        self.world = SimWorld(self.clock)
        for each in (MOTD, OTHER):
            self.world.state[each.id.target] = {each.id: each}
        self.seen = Remembering(AllTargets({Sort.HOST: self.world}), self.clock)

    async def look(self) -> None:
        for each in (MOTD, OTHER):
            await self.seen.survey(host(each.id.target), [each])

    async def asked(self, value: str, target: str = "*", resource: str = "*") -> Value | NoData:
        query = StateQuery(unit=str(SHOP), resource=resource, target=target, value=value, max_age=MINUTE)
        return await metrics_state.read(self.seen, query, self.clock)


@pytest.fixture
async def fleet() -> Fleet:
    made = Fleet()
    await made.look()
    return made


async def test_what_was_seen_is_handed_over_once(fleet: Fleet) -> None:
    first = fleet.seen.taken()
    assert {(each.unit, each.target, each.at) for each in first.new} == {(SHOP, "web-1", NOW), (SHOP, "web-2", NOW)}
    assert (first.again, fleet.seen.taken()) == ((), Taken(new=(), again=(), facts=()))


async def test_what_looks_as_before_is_only_seen_again(fleet: Fleet) -> None:
    fleet.seen.taken()
    fleet.world.state["web-2"] = {}
    fleet.clock.jump(NOW + MINUTE)
    await fleet.look()
    taken = fleet.seen.taken()
    assert [(each.target, each.at) for each in taken.new] == [("web-2", NOW + MINUTE)]
    assert [(each.target, each.at) for each in taken.again] == [("web-1", NOW + MINUTE)]


async def test_it_is_read_from_the_journal_as_it_was_handed_over(fleet: Fleet, tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "journal.db")
    try:
        for minute in range(3):
            fleet.world.down = {"web-1"} if minute == 2 else set()
            fleet.clock.jump(NOW + minute * MINUTE)
            await fleet.look()
            taken = fleet.seen.taken()
            await store.remember(taken.new, taken.again)
        away, there = await store.sightings(str(SHOP))
        assert (away.at, away.tried, away.seen) == (
            NOW + MINUTE,
            NOW + 2 * MINUTE,
            {MOTD.id.ref: Present(MOTD.attributes)},
        )
        assert "cannot reach" in away.trouble
        assert (there.at, there.tried, there.trouble) == (NOW + 2 * MINUTE, None, "")
        assert await store.sightings(str(SHOP), "web-2") == (there,)
        assert await store.sightings("*", "web-[12]") == ()
    finally:
        await store.close()


async def test_a_host_that_went_away_is_as_it_was_seen_before_and_the_reason_is_told(fleet: Fleet) -> None:
    fleet.world.down = {"web-1"}
    fleet.clock.jump(NOW + MINUTE)
    await fleet.look()
    (away, there) = sorted(fleet.seen.taken().new, key=lambda each: each.target)
    assert isinstance(away.seen[MOTD.id.ref], Present)
    assert (away.at, away.tried, "cannot reach" in away.trouble) == (NOW, NOW + MINUTE, True)
    assert (there.at, there.trouble) == (NOW + MINUTE, "")


@pytest.mark.parametrize(
    ("value", "target", "answer"),
    [
        ("seen.all(s, s.present)", "*", True),
        ("seen.size()", "web-1", 1),
        ("seen[0].attributes.colour", "web-2", "blue"),
        ("seen.map(s, s.age)", "*", [0.0, 0.0]),
    ],
)
async def test_a_gate_asks_what_was_seen(fleet: Fleet, value: str, target: str, answer: object) -> None:
    assert await fleet.asked(value, target) == Value(answer)  # type: ignore[arg-type]


async def test_nothing_is_asked_of_a_host_while_what_was_seen_is_new_enough(fleet: Fleet) -> None:
    looks = len(fleet.world.calls)
    fleet.clock.jump(NOW + MINUTE)
    await fleet.asked("seen.size()")
    assert len(fleet.world.calls) == looks
    fleet.clock.jump(NOW + MINUTE + timedelta(seconds=1))
    fleet.world.state["web-1"] = {}
    assert await fleet.asked("seen.exists(s, !s.present)") == Value(True)
    assert len(fleet.world.calls) == looks + len(("web-1", "web-2"))


async def test_what_cannot_be_seen_is_no_answer(fleet: Fleet) -> None:
    fleet.world.down = {"web-1"}
    fleet.clock.jump(NOW + 2 * MINUTE)
    with pytest.raises(WorldError, match=r"shop@production/web-1/thing:a cannot be seen: cannot reach web-1"):
        await fleet.asked("seen.size()")
    assert await fleet.asked("seen.size()", "web-2") == Value(1)


async def test_what_nobody_has_looked_at_is_no_answer(fleet: Fleet) -> None:
    with pytest.raises(Broken, match="nothing that was looked at in shop@production is named file:x on \\*"):
        await fleet.asked("seen.size()", resource="file:x")


async def test_an_expression_that_has_no_value_is_no_answer(fleet: Fleet) -> None:
    with pytest.raises(Broken, match=r"seen\[7\] cannot be said of \*"):
        await fleet.asked("seen[7]")
